"""Pack what ``lab.pretrain`` wrote as the backbone: weights to bytes, graphs, words, and how kinds of text lie.

python -m watchfloor.lab.pack_backbone PRETRAINED SHARED_DATA src/watchfloor/bundled/backbone
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer

from watchfloor.lab.encoder import Encoder, pooled
from watchfloor.lab.encoder_graph import export, in_bytes
from watchfloor.lab.kinds import arrays, kinds
from watchfloor.lab.pretrain import encoded, load


def background_of(
    encoder: Encoder, tokenizer: Tokenizer, data: Path, teacher: dict[str, torch.Tensor]
) -> dict[str, Any]:
    """The space that tells kinds of text apart, what in it is nobody's, and the map to the teacher's space."""
    found = kinds(data)
    means = [trunk_means(encoder, encoded(tokenizer, each.texts)) for each in found]
    print("\n".join(f"{len(each.texts):>4} {each.name}" for each in found), flush=True)
    halved = arrays(found, means) | {"embed": teacher["weight"].numpy(), "embed_bias": teacher["bias"].numpy()}
    return {name: each.astype(np.float16) for name, each in halved.items()}


def trunk_means(encoder: Encoder, words: list[np.ndarray]) -> np.ndarray:
    """The trunk's mean of each text ``(texts, width)``."""
    order = np.argsort([len(each) for each in words], kind="stable")
    means = np.zeros((len(words), encoder.shape.width), dtype=np.float32)
    with torch.no_grad():
        for start in range(0, len(words), 64):
            part = [words[place] for place in order[start : start + 64]]
            table = np.zeros((len(part), max(map(len, part))), dtype=np.int64)
            for row, each in enumerate(part):
                table[row, : len(each)] = each
            there = torch.from_numpy(table != 0)
            means[order[start : start + 64]] = pooled(encoder.trunk(torch.from_numpy(table), there), there).numpy()
    return means


def main() -> None:
    """Write the pack."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pretrained", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    encoder, tokenizer, state = load(options.pretrained)
    in_bytes(encoder)
    background = background_of(encoder, tokenizer, options.data, state["teacher"])
    facts = {"card": {"texts_read": state["texts_read"], "teacher": "all-MiniLM-L6-v2 (Apache-2.0)",
                      "parameters": sum(each.numel() for each in encoder.parameters())}}  # fmt: skip
    export(encoder, tokenizer.to_str(), background, facts, options.out)


if __name__ == "__main__":
    main()
