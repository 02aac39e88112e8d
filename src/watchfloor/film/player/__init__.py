"""The film player: one self-contained page in which a reader plays what the screen saw."""

from watchfloor.film.player.render import render

__all__ = ["render"]
