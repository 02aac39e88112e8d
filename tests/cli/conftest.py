"""A watching that does not watch: the command line is tested on scenes made by hand."""

import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import pytest
from cli_stage import FakeWatched, Stage

from watchfloor.base.settings import Settings


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Replace the film skill; set ``stage.watched`` to what it should find."""
    played = Stage()

    def watch(
        inputs: Sequence[str],
        settings: Settings,
        *,
        on_progress: Callable[[Any], None] | None = None,
        hear: Callable[[Any], Any] | None = None,
    ) -> FakeWatched:
        played.inputs, played.settings, played.hear = list(inputs), settings, hear
        if played.error is not None:
            raise played.error
        return played.watched

    watching = ModuleType("watchfloor.film.watching")
    watching.watch = watch  # type: ignore[attr-defined]
    player = ModuleType("watchfloor.film.player")
    player.render = lambda document: f"<html>{document['title']}</html>"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "watchfloor.film.watching", watching)
    monkeypatch.setitem(sys.modules, "watchfloor.film.player", player)
    return played
