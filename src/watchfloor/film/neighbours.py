"""Which other scenes speak for an attack in one, by name: the contract's ``company``."""

from watchfloor.base.scenes import Neighbour
from watchfloor.film.company import KINDS, requests
from watchfloor.film.filming import Reel
from watchfloor.film.viewing import Opinion

_PLANTED, _VISITOR = (KINDS.index(kind) for kind in ("planted", "visitor"))


def neighbours(reel: Reel, told: Opinion) -> dict[int, tuple[Neighbour, ...]]:
    """Who speaks for an attack in each scene, by scene number; those of whom nobody does are left out."""
    found: dict[int, tuple[Neighbour, ...]] = {}
    names = reel.scene_ids()
    best: dict[int, Neighbour] = {}
    for one in reel.meetings.planted:
        score = float(told.alone[one.writer])
        known = best.get(one.runner)
        if told.company[one.runner, _PLANTED] > 0 and (known is None or score > known.score):
            best[one.runner] = Neighbour("planted", one.path, score, scene_id=names[one.writer])
    for scene, neighbour in best.items():
        found[scene] = (neighbour,)
    for (_, address), group in requests(reel.meetings).items():
        total, others = float(told.alone[group].sum()), len(group) - 1
        for scene in group[told.company[group, _VISITOR] > 0].tolist():
            mean = (total - float(told.alone[scene])) / others
            found[scene] = (*found.get(scene, ()), Neighbour("visitor", address, mean, scenes=others))
    return found
