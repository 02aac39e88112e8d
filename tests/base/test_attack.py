"""The ATT&CK vocabulary: ids of every version, names, tactics, and that the bundled file is what we say."""

import json
from importlib.resources import files
from pathlib import Path

import pytest

from watchfloor.base import attack
from watchfloor.base.errors import InputError
from watchfloor.lab import attack_vocabulary


@pytest.mark.parametrize(
    ("old", "present"),
    [
        ("T1003", "T1003"),
        ("T1059.001", "T1059.001"),
        ("T1086", "T1059.001"),
        ("T1064", "T1059"),  # deprecated without a successor in the data; MITRE's text names one
        ("T1035", "T1569.002"),
        ("T1050", "T1543.003"),
        ("T1060", "T1547.001"),
        ("T1117", "T1218.010"),
        ("T1073", "T1574.001"),  # replaced twice
        ("T1150", "T1647"),
        ("T1685.005", "T1070.001"),  # of a later version
        ("attack.t1003.001", "T1003.001"),  # as rules tag it
        (" t1055 ", "T1055"),
        ("T1554.003", "T1554"),  # a sub-technique this version lacks
        ("T1043", None),
        ("T9999", None),
        ("T1059.001.002", None),
        ("", None),
        ("powershell", None),
    ],
)
def test_an_id_of_any_version_becomes_the_one_in_force(old: str, present: str | None) -> None:
    assert attack.normalise(old) == present


def test_normalising_is_idempotent_and_never_leaves_the_vocabulary() -> None:
    known = attack.vocabulary()
    for old in (*known.techniques, *known.replaced):
        present = attack.normalise(old)
        assert present in known.techniques, old
        assert attack.normalise(present) == present
    assert not known.replaced.keys() & known.techniques.keys()


@pytest.mark.parametrize(
    ("word", "tactic"),
    [
        ("TA0005", "TA0005"),
        ("ta0002", "TA0002"),
        ("defense-evasion", "TA0005"),
        ("attack.defense_evasion", "TA0005"),
        ("stealth", "TA0005"),
        ("defense-impairment", "TA0005"),
        ("TA0112", "TA0005"),
        ("TA0999", None),
        ("", None),
    ],
)
def test_a_tactic_of_any_version_becomes_the_one_in_force(word: str, tactic: str | None) -> None:
    assert attack.normalise_tactic(word) == tactic


def test_names_in_both_languages() -> None:
    assert attack.technique_name("T1003.001") == "LSASS Memory"
    assert attack.full_name("T1003.001") == "OS Credential Dumping: LSASS Memory"
    assert attack.full_name("T1047") == "Windows Management Instrumentation"
    assert attack.technique_name("T1086") == "PowerShell"
    assert attack.technique_name("T9999") == "T9999"
    assert attack.tactic_name("TA0006") == "Credential Access"
    assert attack.tactic_name("TA0006", "zh") == "凭据访问"
    assert attack.tactic_name("TA0999") == "TA0999"


def test_every_technique_has_a_name_a_tactic_and_a_known_parent() -> None:
    order = [tactic.id for tactic in attack.TACTICS]
    techniques = attack.vocabulary().techniques
    assert len(techniques) > 600
    for technique, (name, tactics) in techniques.items():
        assert name, technique
        assert tactics, technique
        assert list(tactics) == sorted(tactics, key=order.index), technique
        assert attack.parent(technique) in {None, *techniques}, technique
    assert {tactic for _, tactics in techniques.values() for tactic in tactics} == set(order)


def test_the_notice_travels_with_the_facts_and_no_description_does() -> None:
    raw = json.loads((files("watchfloor") / "bundled" / "attack.json").read_text(encoding="utf-8"))
    assert "ATT&CK® is a registered trademark of The MITRE Corporation" in raw["notice"]
    assert "reproduced and distributed with the permission of The MITRE Corporation" in raw["notice"]
    assert max(len(name) for name, _ in raw["techniques"].values()) < 100


@pytest.mark.shared_data
def test_the_bundled_file_is_what_the_data_says(shared_data: Path) -> None:
    raw = json.loads((files("watchfloor") / "bundled" / "attack.json").read_text(encoding="utf-8"))
    assert attack_vocabulary.build(shared_data / "text" / "attack") == raw


def test_making_it_from_an_empty_folder_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="enterprise_objects"):
        attack_vocabulary.build(tmp_path)


def test_replacements_that_run_in_a_circle_are_refused() -> None:
    assert attack_vocabulary.in_force("a", {"a": "b", "b": "c"}) == "c"
    with pytest.raises(InputError, match="by itself"):
        attack_vocabulary.in_force("a", {"a": "b", "b": "a"})
