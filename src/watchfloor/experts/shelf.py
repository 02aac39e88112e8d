"""The experts a site has: those that ship, and those added to a folder here, which stand in front of them.

Knows nothing of answering.
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from watchfloor.base.errors import PackError, UsageError
from watchfloor.experts import bundled
from watchfloor.experts.card import NAME as ADAPTER
from watchfloor.experts.packs import Plugged, load
from watchfloor.store.packs import MANIFEST

#: ``name`` in the manifest of an expert that is a model behind an endpoint.
ENDPOINT = "endpoint-expert"
#: The folder of public keys beside the experts.
TRUSTED = "trusted"
#: A file that says an expert was added without a signature, by somebody who meant it.
_MEANT = "unsigned.ok"


@dataclass(frozen=True, slots=True)
class Place:
    """Where one expert lies; ``own`` where it came with the product; ``endpoint`` where it is a model elsewhere."""

    name: str
    folder: Path
    own: bool
    endpoint: bool


@dataclass(frozen=True, slots=True)
class Shelf:
    """The folder of added experts; it need not exist."""

    folder: Path

    @classmethod
    def at(cls, setting: str) -> "Shelf":
        """The shelf a setting names; empty means the user's own."""
        return cls(Path(setting) if setting else Path.home() / ".local" / "share" / "watchfloor" / "experts")

    @property
    def trusted(self) -> Path:
        """Folder of public keys whose packs are taken."""
        return self.folder / TRUSTED

    def places(self) -> Mapping[str, Place]:
        """Every expert by name."""
        found = {path.name: Place(path.name, path, own=True, endpoint=False) for path in bundled.experts()}
        for path in sorted(self.folder.glob(f"*/{MANIFEST}")):
            kind = _manifest(path.parent).get("name")
            found[path.parent.name] = Place(path.parent.name, path.parent, own=False, endpoint=kind == ENDPOINT)
        return found

    def load(self, place: Place, base: str) -> Plugged:
        """Read and verify an expert that is an adapter.

        Raises:
            PackError: damaged, or for another backbone.
            RefusedError: not signed by a key that is trusted here.
        """
        if place.own:
            return load(place.folder, base=base)
        return load(place.folder, base=base, trusted=self.trusted, unsigned=(place.folder / _MEANT).exists())

    def add(self, source: Path, base: str, *, unsigned: bool) -> Plugged:
        """Verify a pack and copy it here under its name; what stood there is replaced as a whole.

        Raises:
            UsageError: there is no pack.
            PackError: it is damaged, or made for another backbone.
            RefusedError: not signed by a key that is trusted here.
        """
        if not (source / MANIFEST).is_file():
            raise UsageError(f"{source} is no expert's pack.", hint="Name the folder that has a pack.json.")
        if _manifest(source).get("name") != ADAPTER:
            raise PackError(f"{source} is a pack of something else than an expert.")
        expert = load(source, base=base, trusted=self.trusted, unsigned=unsigned)
        self._put(source, expert.name, meant=unsigned and not expert.signed)
        return expert

    def _put(self, source: Path, name: str, *, meant: bool) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        target, coming, going = (self.folder / each for each in (name, f".{name}.coming", f".{name}.going"))
        for left in (coming, going):
            shutil.rmtree(left, ignore_errors=True)
        shutil.copytree(source, coming)
        (coming / _MEANT).unlink(missing_ok=True)
        if meant:
            (coming / _MEANT).touch()
        if target.exists():
            target.rename(going)
        coming.rename(target)
        shutil.rmtree(going, ignore_errors=True)

    def add_endpoint(self, name: str, manifest: Mapping[str, Any]) -> None:
        """Note a model behind an endpoint as an expert."""
        coming = self.folder / f".{name}.written"
        shutil.rmtree(coming, ignore_errors=True)
        coming.mkdir(parents=True)
        body = {**manifest, "name": ENDPOINT, "expert": name}
        (coming / MANIFEST).write_text(json.dumps(body, indent=2, ensure_ascii=False, sort_keys=True) + "\n", "utf-8")
        self._put(coming, name, meant=False)
        shutil.rmtree(coming, ignore_errors=True)

    def remove(self, name: str) -> None:
        """Take an added expert away; one that ships with the name comes to the front again.

        Raises:
            UsageError: it is not there, or it ships with the product.
        """
        place = self.places().get(name)
        if place is None:
            raise UsageError(f"there is no expert {name!r}.", hint="See `watchfloor experts list`.")
        if place.own:
            raise UsageError(
                f"expert {name} ships with Watchfloor and stays.", hint="Add another with its name to replace it."
            )
        shutil.rmtree(place.folder)


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise PackError(f"{folder / MANIFEST} cannot be read: {error}.") from None
    return found if isinstance(found, dict) else {}
