"""Experts on disk: a model pack with the adapter's arrays, checked by sha256, by base and by signature.

Knows nothing of serving.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from watchfloor.base.errors import PackError, RefusedError
from watchfloor.experts.adapter import MAPS, Adapter, Lexicon
from watchfloor.experts.card import FORMAT_VERSION, NAME, Card, card_of
from watchfloor.experts.domain import Domain
from watchfloor.store.packs import open_pack, sha256_of, write_pack
from watchfloor.store.signatures import signed_by

ARRAYS: Final = "adapter.npz"


@dataclass(frozen=True, slots=True)
class Plugged:
    """One expert ready to answer. ``version`` is the sha256 of its manifest, ``signed`` whose signature it bears."""

    card: Card
    adapter: Adapter
    domain: Domain
    version: str
    folder: Path
    signed: str

    @property
    def name(self) -> str:
        """The expert's name."""
        return self.card.name


def load(folder: Path, *, base: str, trusted: Path | None = None, unsigned: bool = False) -> Plugged:
    """Read and verify one expert. A pack that came with the product is told by ``trusted`` being None.

    Raises:
        PackError: missing, damaged, of another version, or made for another backbone.
        RefusedError: nobody trusted here signed it, and ``unsigned`` does not allow that.
    """
    pack = open_pack(folder, name=NAME, format_version=FORMAT_VERSION)
    card = card_of(pack.manifest)
    if card.base != base:
        raise PackError(
            f"expert {card.name} was made for backbone {card.base[:12]}, and this is {base[:12]}.",
            hint="Train it again on this one: `watchfloor lab finetune`.",
        )
    signed = "watchfloor"
    if trusted is not None:
        found = signed_by(folder, trusted)
        if found is None and not unsigned:
            raise RefusedError(
                f"expert {card.name} bears no signature that is trusted here.",
                hint=f"Put its maker's public key into {trusted}, or say --unsigned.",
            )
        signed = found.by if found else ""
    try:
        with np.load(pack.path(ARRAYS), allow_pickle=False) as arrays:
            adapter, domain = _unfold({name: arrays[name] for name in arrays.files}, card)
    except (KeyError, ValueError, OSError, EOFError) as error:
        raise PackError(f"the arrays of expert {card.name} cannot be read: {error}.") from None
    return Plugged(card, adapter, domain, sha256_of(folder / "pack.json"), folder, signed)


def save(folder: Path, card: Card, adapter: Adapter, domain: Domain) -> None:
    """Write an expert's pack, without a signature. Single precision is halved, which changes no answer."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {"query": adapter.query, "head": adapter.head, "bias": adapter.bias, "centres": domain.centres,
              "spreads": domain.spreads}  # fmt: skip
    for name, (down, up) in adapter.lora.items():
        arrays |= {f"{name}_down": down, f"{name}_up": up}
    halved: dict[str, np.ndarray] = {name: each.astype(np.float16) for name, each in arrays.items()}
    halved["limit"] = np.asarray(domain.limit, dtype=np.float32)
    if (lexicon := adapter.lexicon) is not None:
        halved |= {"grams": lexicon.grams, "vectors": lexicon.vectors, "scale": lexicon.scale, "out": lexicon.out}
    np.savez(folder / ARRAYS, **halved)  # type: ignore[arg-type]
    write_pack(folder, card.manifest(), (ARRAYS,))


def _unfold(arrays: dict[str, np.ndarray], card: Card) -> tuple[Adapter, Domain]:
    def full(name: str) -> np.ndarray:
        return np.ascontiguousarray(arrays[name], dtype=np.float32)

    lexicon = None
    if "grams" in arrays:
        lexicon = Lexicon(arrays["grams"].astype(np.uint32), arrays["vectors"], full("scale"), full("out"))
    lora = {name: (full(f"{name}_down"), full(f"{name}_up")) for name in MAPS}
    adapter = Adapter(lora, full("query"), full("head"), full("bias"), lexicon)
    if adapter.head.shape[1] != len(card.labels) or adapter.bias.shape != (len(card.labels),):
        raise ValueError("the head does not fit the labels")
    return adapter, Domain(full("centres"), full("spreads"), float(arrays["limit"]))
