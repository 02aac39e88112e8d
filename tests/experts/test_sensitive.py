"""The expert ``sensitive``: what a person who asks it cares about."""

import pytest

from watchfloor.base.judgements import Expert
from watchfloor.experts.sensitive import make_sensitive
from watchfloor.experts.sensitive.expert import CLASSES


@pytest.fixture(scope="module")
def expert() -> Expert:
    return make_sensitive()


def found(expert: Expert, text: str) -> dict[str, str]:
    """What was found: value by type, the last of a type."""
    (judged,) = expert.ask([text])
    return {span["type"]: text[span["start"] : span["end"]] for span in judged.facts["spans"]}


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("Please charge card 4111111111111111 today.", "CREDIT_CARD", "4111111111111111"),
        ("Karte 4111 1111 1111 1111, danke", "CREDIT_CARD", "4111 1111 1111 1111"),
        ("Pay to GB82WEST12345698765432 please", "IBAN_CODE", "GB82WEST12345698765432"),
        ("mail me: ann.lee+work@mail.example.org, thanks", "EMAIL_ADDRESS", "ann.lee+work@mail.example.org"),
        ("from 203.0.113.77 port 22", "IP_ADDRESS", "203.0.113.77"),
        ("peer 2001:db8:0:1::7f down", "IP_ADDRESS", "2001:db8:0:1::7f"),
        ("His SSN is 078-05-1120", "US_SSN", "078-05-1120"),
        ("see https://shop.example.org/orders?id=7 now", "URL", "https://shop.example.org/orders?id=7"),
        ("身份证号:11010519491231002X,请核实", "CN_RESIDENT_ID", "11010519491231002X"),
        ("请拨打13812345678联系我", "PHONE_NUMBER", "13812345678"),
        ("卡号4111111111111111已挂失", "CREDIT_CARD", "4111111111111111"),
        ("\uff14\uff11\uff11\uff11" + "\uff11" * 12 + " in full width", "CREDIT_CARD", "\uff14" + "\uff11" * 15),
        ("id ١٩٢.0.2.1", "IP_ADDRESS", "١٩٢.0.2.1"),
        ("export KEY=AKIAIOSFODNN7QWERTYU", "aws-access-key-id", "AKIAIOSFODNN7QWERTYU"),
        ("git clone https://bob:hunter2secret@git.example.org/x.git", "credentials-in-url", "hunter2secret"),
        ("curl -u admin:S3cr3tPw! https://x.example.org/", "curl-user", "S3cr3tPw!"),
        ("mac 00:1a:2b:3c:4d:5e seen", "MAC_ADDRESS", "00:1a:2b:3c:4d:5e"),
    ],
)
def test_it_finds(expert: Expert, text: str, kind: str, value: str) -> None:
    assert found(expert, text).get(kind) == value


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("order 4111111111111112 was shipped", "CREDIT_CARD"),  # wrong check digit
        ("order GB83WEST12345698765432 was shipped", "IBAN_CODE"),
        ("身份证号:110105194912310021", "CN_RESIDENT_ID"),
        ("version 1.2.3.400 is out", "IP_ADDRESS"),
        ("std::vector<int> a::b", "IP_ADDRESS"),
        ("at 12:30:45 the job ended", "IP_ADDRESS"),
    ],
)
def test_a_checksum_says_no(expert: Expert, text: str, kind: str) -> None:
    assert kind not in found(expert, text)


def test_names_are_told_by_their_context(expert: Expert) -> None:
    assert (
        found(expert, "My name is Katarzyna Wiśniewska and I live in Gothenburg.")["PERSON"] == "Katarzyna Wiśniewska"
    )
    assert found(expert, "My name is Katarzyna Wiśniewska and I live in Gothenburg.")["LOCATION"] == "Gothenburg"
    assert "PERSON" not in found(expert, "The service restarts the worker after a timeout.")


def test_a_password_is_a_secret_and_a_placeholder_is_none(expert: Expert) -> None:
    secret, stand_in, code = expert.ask(
        ['password = "Tr0ub4dor&3x"', 'password = "<your-password>"', "password = getpass.getpass()"]
    )
    assert secret.labels[0].name == "secret"
    assert stand_in.labels[0].name != "secret"
    assert code.labels[0].name != "secret"


def test_classes_are_sorted_and_sum_to_one(expert: Expert) -> None:
    for judged in expert.ask(
        ["", "hello there", "ann@example.org", "arn:aws:s3:::my_corporate_bucket/*", "ghp_" + "a1B2c3D4e5F6" * 3]
    ):
        scores = [label.score for label in judged.labels]
        assert scores == sorted(scores, reverse=True)
        assert sum(scores) == pytest.approx(1.0)
        assert {label.name for label in judged.labels} == set(CLASSES)
        assert not judged.abstained


@pytest.mark.parametrize(
    ("text", "best"),
    [
        ("Nothing to see in this sentence.", "none"),
        ("Contact ann.lee@example.org", "personal"),
        ("bucket arn:aws:s3:::my_corporate_bucket/*", "confidential"),
        ("token ghp_a1B2c3D4e5F6a1B2c3D4e5F6a1B2c3D4e5F6 of ann@example.org", "secret"),
    ],
)
def test_the_worst_thing_in_a_text_gives_its_class(expert: Expert, text: str, best: str) -> None:
    assert expert.ask([text])[0].labels[0].name == best


def test_the_answer_names_the_pack(expert: Expert) -> None:
    (judged,) = expert.ask(["x"])
    assert judged.expert == "sensitive"
    assert len(judged.version) == 64


def test_what_else_is_asked_changes_no_answer(expert: Expert) -> None:
    letter = "Dear Mr. Osei,\n\nyour parcel waits at 12 Mill Lane.\n\nAnn Lee\nNorthwind Ltd\n+44 20 7946 0958"
    alone = expert.ask([letter])[0].facts["spans"]
    assert expert.ask(["short", letter, "", '"open quotation', letter])[1].facts["spans"] == alone
