"""The ``command`` expert beside the film: what it says of the command lines among the key frames."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from watchfloor.base.scenes import Scene
    from watchfloor.base.settings import Settings

#: The expert that is asked.
EXPERT = "command"
#: Actions whose object is a command line.
_LAUNCHES = ("process.launch",)


def asked(scenes: "Sequence[Scene]", settings: "Settings") -> "tuple[Scene, ...]":
    """The scenes; those somebody should look at with the expert's judgement on each command line of a key frame.

    Raises:
        PackError: the expert's pack is damaged.
        RefusedError: the site's own ``command`` expert bears no signature that is trusted here.
    """
    lines = list(dict.fromkeys(
        frame.object for scene in scenes if scene.flagged for frame in scene.key_frames if _has_line(frame.action)
    ))  # fmt: skip
    if not lines:
        return tuple(scenes)
    from watchfloor.cli.expert_floor import open_expert

    ask = open_expert(settings, EXPERT)
    judged = {line: judgement.record() for line, judgement in zip(lines, ask(lines), strict=True)}
    found = []
    for scene in scenes:
        if scene.flagged:
            frames = tuple(
                replace(frame, judged=judged[frame.object]) if _has_line(frame.action) else frame
                for frame in scene.key_frames
            )
            scene = replace(scene, key_frames=frames)
        found.append(scene)
    return tuple(found)


def _has_line(action: str) -> bool:
    return action in _LAUNCHES
