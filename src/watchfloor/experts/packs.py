"""Experts on disk: a model pack with the adapter's arrays, checked by sha256, by base and by signature.

Knows nothing of serving.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as tensors_of
from safetensors.numpy import save as bytes_of

from watchfloor.base.errors import PackError, RefusedError
from watchfloor.experts.adapter import MAPS, Adapter, Below, Lora
from watchfloor.experts.card import FORMAT_VERSION, NAME, Card, card_of
from watchfloor.experts.domain import Domain
from watchfloor.experts.lexicon import Lexicon, SparseLexicon
from watchfloor.store.packs import open_pack, packed, sha256_of, write_pack
from watchfloor.store.signatures import signed_by

#: The arrays: safetensors, which can hold nothing but numbers and is read in one go, packed.
ARRAYS: Final = "adapter.safetensors.zst"


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
        adapter, domain = _unfold(tensors_of(pack.unpacked(ARRAYS)), card)
    except (KeyError, ValueError, TypeError, SafetensorError) as error:
        raise PackError(f"the arrays of expert {card.name} cannot be read: {error}.") from None
    return Plugged(card, adapter, domain, sha256_of(folder / "pack.json"), folder, signed)


def save(folder: Path, card: Card, adapter: Adapter, domain: Domain) -> None:
    """Write an expert's pack, without a signature. Single precision is halved, a head and changes to blocks go into

    bytes: measure what is read back.
    """
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {"query": adapter.query, "bias": adapter.bias, "centres": domain.centres, "spreads": domain.spreads}
    halved: dict[str, np.ndarray] = {name: each.astype(np.float16) for name, each in arrays.items()}
    below = adapter.below.blocks if adapter.below is not None else ()
    halved |= _changes((adapter.lora, *below))
    halved["limit"] = np.asarray(domain.limit, dtype=np.float32)
    scale = np.maximum(np.abs(adapter.head).max(0, initial=0.0), 1e-12).astype(np.float32) / 127
    halved |= {"head_bytes": np.round(adapter.head / scale).astype(np.int8), "head_scale": scale}
    raw = bytes_of({name: np.ascontiguousarray(each) for name, each in (halved | _folded(adapter.lexicon)).items()})
    (folder / ARRAYS).write_bytes(packed(raw))
    write_pack(folder, card.manifest(), (ARRAYS,))


def _changes(blocks: Sequence[Lora]) -> dict[str, np.ndarray]:
    """Changes to blocks, the upper one first, in bytes ``(blocks, numbers)``, with a scale a column of what is down and

    a row of what is up ``(blocks, maps, 2, rank)``.
    """
    numbers, scales = [], []
    for block in blocks:
        pairs = [(down.T, up) for down, up in (block[name] for name in MAPS)]
        scale = [[np.maximum(np.abs(each).max(1), 1e-12) / 127 for each in pair] for pair in pairs]
        scales.append(np.asarray(scale, dtype=np.float32))
        numbers.append(np.concatenate([np.round(each / by[:, None]).astype(np.int8).ravel()
                                       for pair, both in zip(pairs, scale, strict=True)
                                       for each, by in zip(pair, both, strict=True)]))  # fmt: skip
    return {"changes": np.stack(numbers), "change_scales": np.stack(scales)}


def _blocks(numbers: np.ndarray, scales: np.ndarray, width: int) -> list[Lora]:
    """What ``_changes`` folded; ValueError where it does not fit blocks so wide."""
    rank = scales.shape[-1]
    sizes = [rank * width * each for pair in MAPS.values() for each in pair]
    if scales.shape != (len(numbers), len(MAPS), 2, rank) or numbers.shape[1:] != (sum(sizes),):
        raise ValueError("the changes do not fit the blocks")
    found: list[Lora] = []
    for row, by in zip(numbers, scales.reshape(len(scales), -1, rank), strict=True):
        cut = np.split(row.astype(np.float32), np.cumsum(sizes)[:-1])
        pairs = iter([each.reshape(rank, -1) * scale[:, None] for each, scale in zip(cut, by, strict=True)])
        found.append({name: (np.ascontiguousarray(next(pairs).T), next(pairs)) for name in MAPS})
    return found


def _folded(lexicon: Lexicon | SparseLexicon | None) -> dict[str, np.ndarray]:
    """A lexicon's arrays, wide numbers cut into bytes of like rank, which is what makes them compress."""
    if lexicon is None:
        return {}
    found = {"gaps": _planes(np.diff(lexicon.grams, prepend=np.uint32(0))), "scale": lexicon.scale}
    if isinstance(lexicon, Lexicon):
        return found | {"vectors": lexicon.vectors, "out": lexicon.out}
    counts = np.diff(lexicon.starts).astype(np.uint16)
    return found | {"counts": _planes(counts), "which": _planes(lexicon.which), "weights": lexicon.weights}


def _planes(numbers: np.ndarray) -> np.ndarray:
    """Unsigned numbers ``(N,)`` as their bytes ``(bytes, N)``."""
    return np.ascontiguousarray(
        numbers.astype(numbers.dtype.newbyteorder("<")).view(np.uint8).reshape(len(numbers), -1).T
    )


def _whole(planes: np.ndarray, kind: type[np.unsignedinteger[Any]]) -> np.ndarray:
    whole: np.ndarray = planes[0].astype(kind)
    for place, plane in enumerate(planes[1:], 1):
        whole |= plane.astype(kind) << kind(8 * place)
    return whole


def _lexicon(arrays: dict[str, np.ndarray]) -> Lexicon | SparseLexicon | None:
    if "gaps" not in arrays:
        return None
    hashes = np.cumsum(_whole(arrays["gaps"], np.uint32), dtype=np.uint32)
    scale = arrays["scale"].astype(np.float32)
    if "vectors" in arrays:
        return Lexicon(hashes, arrays["vectors"], scale, arrays["out"].astype(np.float32))
    counts = _whole(arrays["counts"], np.uint16).astype(np.int32)
    starts = np.concatenate([np.zeros(1, np.int32), np.cumsum(counts, dtype=np.int32)])
    which = _whole(arrays["which"], np.uint16)
    fits = len(counts) == len(hashes) and starts[-1] == len(which) == len(arrays["weights"])
    if not fits or (len(which) and int(which.max()) >= len(scale)):
        raise ValueError("the lexicon's entries do not fit its n-grams")
    return SparseLexicon(hashes, starts, which, arrays["weights"], scale)


def _unfold(arrays: dict[str, np.ndarray], card: Card) -> tuple[Adapter, Domain]:
    def full(name: str) -> np.ndarray:
        return np.ascontiguousarray(arrays[name], dtype=np.float32)

    head = full("head_bytes") * full("head_scale")
    query = full("query")
    upper, *blocks = _blocks(arrays["changes"], full("change_scales"), len(query))
    below = Below.of(blocks) if blocks else None
    adapter = Adapter(upper, query, head, full("bias"), _lexicon(arrays), below)
    if adapter.head.shape[1] != len(card.labels) or adapter.bias.shape != (len(card.labels),):
        raise ValueError("the head does not fit the labels")
    return adapter, Domain(full("centres"), full("spreads"), float(arrays["limit"].item()))
