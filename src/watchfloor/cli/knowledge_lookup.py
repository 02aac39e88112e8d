"""The knowledge base as the investigator looks things up in it; the floors below know nothing of each other."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from watchfloor.agent.case import Knowledge
    from watchfloor.knowledge.knowledge_base import KnowledgeBase


class LookUp:
    """``agent.case.Knowledge`` over a knowledge base, by words and ids alone: no model is loaded for it."""

    def __init__(self, base: "KnowledgeBase") -> None:
        self._base = base

    def look_up(self, question: str, limit: int) -> list[dict[str, str]]:
        """At most ``limit`` passages as ``{"title", "text", "source"}``."""
        return [
            {"title": f"{each.id} {each.title}", "text": each.snippet, "source": str(each.origin.record())}
            for each in self._base.search(question, limit=limit)
        ]


def knowledge_at(named: str | None) -> "Knowledge | None":
    """The knowledge base that is named, or the setting's where one has been built; else none.

    Raises:
        UsageError: the one that is named is none.
    """
    from watchfloor.base.settings import from_environment

    folder = named or from_environment().knowledge_dir
    if not folder or (not named and not Path(folder).is_dir()):
        return None
    from watchfloor.knowledge.knowledge_base import KnowledgeBase

    return LookUp(KnowledgeBase.open(folder))
