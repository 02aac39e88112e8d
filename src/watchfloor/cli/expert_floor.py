"""The experts a command asks: the backbone and those it names, from the product and from the site's folder."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from watchfloor.base.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from watchfloor.base.judgements import Expert
    from watchfloor.base.settings import Settings
    from watchfloor.experts.floor import ExpertFloor


def open_floor(settings: "Settings", names: Sequence[str] | None = None) -> "ExpertFloor":
    """A floor with the experts named, or with all on the backbone where none is named.

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
    places = shelf.places()
    for name in names or ():
        if name not in places and name not in OWN:
            there = ", ".join(sorted({*places, *OWN}))
            raise UsageError(f"there is no expert {name!r}.", hint=f"There are: {there}.")
    floor = ExpertFloor(Backbone(bundled.BACKBONE, threads=settings.workers))
    for name in names if names is not None else sorted(places):
        if name not in places:
            floor.attach(OWN[name]())
            continue
        place = places[name]
        if not place.endpoint:
            floor.plug(shelf.load(place, floor.backbone.version))
        elif names is not None:  # a model elsewhere costs time and money: it is asked only by name
            floor.attach(_behind_endpoint(place.folder, settings))
    return floor


def _behind_endpoint(folder: "Path", settings: "Settings") -> "Expert":
    import json

    from watchfloor.experts.endpoint import Endpoint, EndpointExpert
    from watchfloor.store.packs import MANIFEST

    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    return EndpointExpert(Endpoint.from_manifest(manifest, api_key=settings.endpoint_key))
