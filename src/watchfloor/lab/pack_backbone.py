"""Pack what ``lab.pretrain`` wrote as the backbone: weights to bytes, graphs, words, and what ordinary text looks like.

python -m watchfloor.lab.pack_backbone PRETRAINED SHARED_DATA src/watchfloor/bundled/backbone
"""

import argparse
import random
from pathlib import Path
from typing import Any

import numpy as np
import torch

from watchfloor.lab.encoder import Encoder, pooled
from watchfloor.lab.encoder_graph import export, in_bytes
from watchfloor.lab.pretrain import encoded, load
from watchfloor.lab.prose import prose

#: Texts that stand for ordinary text, and axes of the space domains are drawn in.
SAMPLE, AXES = 6_000, 48


def background_of(encoder: Encoder, words: list[np.ndarray], teacher: dict[str, torch.Tensor]) -> dict[str, Any]:
    """Centre and whitening of the trunk's means over sample texts, and the map to the teacher's space."""
    means = []
    with torch.no_grad():
        for start in range(0, len(words), 64):
            part = words[start : start + 64]
            table = np.zeros((len(part), max(map(len, part))), dtype=np.int64)
            for row, each in enumerate(part):
                table[row, : len(each)] = each
            there = torch.from_numpy(table != 0)
            means.append(pooled(encoder.trunk(torch.from_numpy(table), there), there).numpy())
    found = np.concatenate(means)
    centre = found.mean(0)
    _, sizes, axes = np.linalg.svd(found - centre, full_matrices=False)
    axes_kept = min(AXES, len(sizes))
    whiten = axes[:axes_kept].T / (sizes[:axes_kept] / len(found) ** 0.5)
    halved = {
        "centre": centre,
        "whiten": whiten,
        "embed": teacher["weight"].numpy(),
        "embed_bias": teacher["bias"].numpy(),
    }
    return {name: each.astype(np.float16) for name, each in halved.items()}


def main() -> None:
    """Write the pack."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pretrained", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    encoder, tokenizer, state = load(options.pretrained)
    in_bytes(encoder)
    texts = list(prose(options.data))
    random.Random(0).shuffle(texts)
    background = background_of(encoder, encoded(tokenizer, texts[:SAMPLE]), state["teacher"])
    facts = {"card": {"texts_read": state["texts_read"], "teacher": "all-MiniLM-L6-v2 (Apache-2.0)",
                      "parameters": sum(each.numel() for each in encoder.parameters())}}  # fmt: skip
    export(encoder, tokenizer.to_str(), background, facts, options.out)


if __name__ == "__main__":
    main()
