"""Which of our own templates a twin of the expert ``sensitive`` may learn from, and which Presidio's are one family."""

import re

from watchfloor.lab.sensitive_data import close_to, own_templates
from watchfloor.lab.sensitive_values import TYPES, Values


def test_a_template_in_the_words_of_one_held_back_is_close_to_it() -> None:
    held = ["Kindly forward the invoice to {{address}}, thanks"]
    assert close_to("Please kindly forward the invoice to {person}.", held)
    assert not close_to("The invoice went to {address}.", held)


def test_a_template_that_differs_in_its_slots_alone_is_close_too() -> None:
    assert close_to("{person}\n{org}\n{address}", ["{{name}}\\n\\n{{job}}\\n{{address}}"])
    assert close_to("I saw {first}", ["I saw {{person}}"])
    assert not close_to("{person}\n{address}", ["{{name}}\\n\\n{{job}}\\n{{address}}"])


def test_no_template_of_ours_is_written_twice() -> None:
    for language in ("en", "zh"):
        written = own_templates(language)
        assert len(set(written)) == len(written)


def test_every_slot_has_a_value_and_every_label_a_slot() -> None:
    slots = {
        slot for language in ("en", "zh") for line in own_templates(language) for slot in re.findall(r"{(\w+)}", line)
    }
    assert {slot for slot in {*slots, *TYPES} if not hasattr(Values, f"slot_{slot}")} == set()


def test_titles_and_things_are_nobodys() -> None:
    assert not {"work", "band", "thing"} & set(TYPES)
