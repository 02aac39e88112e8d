"""Walk through a page of acts with one shell, and note the planted files on the way.

T1053.002 @plant /opt/x/job        the file just made there counts as the intruder's, whoever starts it
a line that ends in a backslash    goes on in the next line
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pages import Act, follow

if TYPE_CHECKING:
    from intruder import Intruder, Shell

PLANT = "@plant "
WORDS = "draft offcut lot proof tally sheet batch folio margin spare review annex handover insert stub rota"


def walk(own: Intruder, page: str, by: Shell | Act, names: dict[str, str], middle: float, password: str = "") -> None:
    """Type the page into a shell, or hand each act to a function."""

    def act(technique: str, command: str, stays: bool) -> object:
        if command.startswith(PLANT):
            return own.plant(own.entry, command.removeprefix(PLANT), technique)
        if callable(by):
            return by(technique, command, stays)
        if stays:
            return by.background(command, technique)
        return by.type(command, technique, password=password or None)

    follow(own, page.replace("\\\n", ""), act, names, middle)


def a_name(own: Intruder) -> str:
    """An ordinary name for a folder or file, from words that only these storylines use."""
    return own.pick(WORDS.split())
