"""Write the watching network as an ONNX graph, as ``film.net`` runs it."""

import copy
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from watchfloor.film.clips import NUMBERS
from watchfloor.film.frames import CHANNELS, ROWS
from watchfloor.film.net import INPUTS, OUTPUTS
from watchfloor.lab.encoder_graph import ByteWords
from watchfloor.lab.net import Watcher

#: Dimensions that vary from batch to batch: frames, clips, frames of the longest clip.
_FREE = {
    "words": {0: "frames"},
    "place": {0: "clips", 1: "time"},
    "shown": {0: "clips", 1: "time"},
    "owner": {0: "clips", 1: "time"},
    "parent": {0: "clips", 1: "time"},
    "numbers": {0: "clips", 1: "time"},
    "scene": {0: "clips"},
    "frame": {0: "clips", 1: "time"},
    "labels": {0: "clips", 1: "time"},
}


class Named(nn.Module):
    """The network with probabilities for labels: tactics sum to one, techniques sum to one.

    The words are kept in bytes with a scale a word: they are nearly all there is to store.
    """

    def __init__(self, net: Watcher, labels: tuple[str, ...]) -> None:
        super().__init__()
        self.net = copy.deepcopy(net)
        for frames in (self.net.frames, self.net.naming):
            frames.words = ByteWords(frames.words)  # type: ignore[assignment]
        self.tactics = sum(label.startswith("TA") for label in labels)
        if any(label.startswith("TA") for label in labels[: len(labels) - self.tactics]):
            raise ValueError("labels must be sorted, techniques before tactics")

    def forward(
        self, words: Tensor, place: Tensor, shown: Tensor, owner: Tensor, parent: Tensor, numbers: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """As ``Watcher.forward``, labels as probabilities."""
        scene, frame, labels = self.net(words, place, shown, owner, parent, numbers)
        cut = labels.shape[-1] - self.tactics
        return scene, frame, torch.cat([labels[..., :cut].softmax(-1), labels[..., cut:].softmax(-1)], -1)


def export(net: Watcher, labels: tuple[str, ...], path: Path) -> None:
    """Write ``net`` to ``path``."""
    net.eval()
    clips, time = 2, 5
    frames = torch.randint(0, net.shape.vocabulary, (7, ROWS, CHANNELS))
    example = (
        frames,
        torch.randint(0, 7, (clips, time)),
        torch.tensor([[True] * 5, [True] * 3 + [False] * 2]),
        torch.randint(0, 3, (clips, time)),
        torch.randint(0, 3, (clips, time)),
        torch.rand(clips, time, NUMBERS),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracing exporter warns that a newer one exists, which needs more packages
        torch.onnx.export(
            Named(net, labels),
            example,
            str(path),
            input_names=list(INPUTS),
            output_names=list(OUTPUTS),
            dynamic_axes=_FREE,
            opset_version=18,
            dynamo=False,
        )
