"""The experts a command asks: the backbone and those it names, from the product and from the site's folder."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from watchfloor.base.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from watchfloor.base.judgements import Expert, Judgement
    from watchfloor.base.settings import Settings
    from watchfloor.experts.floor import ExpertFloor

    Asking = Callable[[Sequence[str]], list[Judgement]]


def open_floor(settings: "Settings", names: Sequence[str] | None = None) -> "ExpertFloor":
    """The experts on the backbone that are named, or all of them.

    A model elsewhere costs time and money, and is asked only by name: see ``open_expert``.

    Raises:
        UsageError: an expert is not there.
        PackError: a pack is damaged.
        RefusedError: a pack bears no signature that is trusted here.
    """
    from watchfloor.experts import bundled
    from watchfloor.experts.backbone import Backbone
    from watchfloor.experts.floor import ExpertFloor
    from watchfloor.experts.own import OWN
    from watchfloor.experts.shelf import Shelf

    shelf = Shelf.at(settings.experts_dir)
    places = {name: place for name, place in shelf.places().items() if not place.endpoint}
    for name in names or ():
        if name not in places:
            there = ", ".join(sorted({*shelf.places(), *OWN}))
            raise UsageError(f"there is no expert {name!r}.", hint=f"There are: {there}.")
    floor = ExpertFloor(Backbone(bundled.BACKBONE, threads=settings.workers))
    for name in names if names is not None else sorted(places):
        floor.plug(shelf.load(places[name], floor.backbone.version))
    return floor


def open_expert(settings: "Settings", name: str) -> "Asking":
    """How one expert is asked; the backbone is loaded only for one that stands on it.

    Raises:
        UsageError: it is not there.
        PackError: its pack is damaged.
        RefusedError: its pack bears no signature that is trusted here.
    """
    from watchfloor.experts.own import OWN
    from watchfloor.experts.shelf import Shelf

    place = Shelf.at(settings.experts_dir).places().get(name)
    if place is None and name in OWN:
        return OWN[name]().ask
    if place is not None and place.endpoint:
        return _behind_endpoint(place.folder, settings).ask
    floor = open_floor(settings, [name])
    return lambda texts: floor.ask(name, texts)


def _behind_endpoint(folder: "Path", settings: "Settings") -> "Expert":
    import json

    from watchfloor.experts.endpoint import Endpoint, EndpointExpert
    from watchfloor.store.packs import MANIFEST

    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    return EndpointExpert(Endpoint.from_manifest(manifest, api_key=settings.endpoint_key))
