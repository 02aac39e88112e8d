"""The watching network: a clip of frames in, a verdict of the scene, of each frame, and what each frame shows out.

Three ideas. *One token an event*: a frame's four rows of hashed features are summed apart and mixed into one
token, so a film costs one token a frame (HyperGLLM, AAAI 2026; WatchLog's key-value image). *Interleaved
behaviour*: beside attention over time, a token hears the mean of its own process and of its parent process, the two
hyperedges a process tree has. *A second opinion*: the first look's logit goes into every token and is
what the network's own is added to (stacking, Wolpert 1992; in training that logit comes from a linear model that never
saw the frame's lab, so that the network learns when to trust it). *Two sets of words*: naming a technique needs
rare words, which learn fast; judging must not know them too well, for a rare word mostly names a lab, and keeps to
slow, small ones.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from watchfloor.film.clips import LEAST, NUMBERS
from watchfloor.film.frames import ROWS
from watchfloor.film.net import UNSEEN


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of the network. ``vocabulary`` counts embeddings, ``labels`` ATT&CK ids."""

    vocabulary: int
    labels: int
    features: int = 16
    naming: int = 32
    width: int = 96
    heads: int = 4
    blocks: int = 2
    context: bool = True


class Frames(nn.Module):
    """Frames ``(F, ROWS, CHANNELS)``, int64 word numbers, to tokens ``(F, width)``."""

    def __init__(self, shape: Shape, features: int, spread: float) -> None:
        super().__init__()
        self.words = nn.Embedding(shape.vocabulary, features, padding_idx=0)
        nn.init.normal_(self.words.weight, std=spread)
        self.words.weight.data[0] = 0
        inner = ROWS * features
        self.mix = nn.Sequential(
            nn.LayerNorm(inner), nn.Linear(inner, 2 * shape.width), nn.GELU(), nn.Linear(2 * shape.width, shape.width)
        )

    def forward(self, frames: Tensor) -> Tensor:
        """One token a frame."""
        rows = self.words(frames).sum(dim=2)
        count = (frames != 0).sum(dim=2, keepdim=True).to(rows.dtype).clamp(min=1)
        tokens: Tensor = self.mix((rows / count.sqrt()).flatten(1))
        return tokens


class Block(nn.Module):
    """One look around: attention over the clip, the means of own and parent process, a mixing step."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads, self.size = shape.heads, shape.width // shape.heads
        self.before = nn.LayerNorm(shape.width)
        self.ask = nn.Linear(shape.width, 3 * shape.width)
        self.tell = nn.Linear(shape.width, shape.width)
        self.kin = nn.Linear(2 * shape.width, shape.width)
        self.after = nn.LayerNorm(shape.width)
        self.mix = nn.Sequential(
            nn.Linear(shape.width, 2 * shape.width), nn.GELU(), nn.Linear(2 * shape.width, shape.width)
        )
        self.drop = nn.Dropout(0.1)

    def forward(self, x: Tensor, shown: Tensor, own: Tensor, parent: Tensor) -> Tensor:
        """``x`` ``(B, T, width)``; ``shown`` ``(B, T)`` bool; ``own``, ``parent`` ``(B, T, T)`` averaging weights."""
        b, t, w = x.shape
        y = self.before(x)
        q, k, v = self.ask(y).view(b, t, 3, self.heads, self.size).permute(2, 0, 3, 1, 4)
        score = q @ k.transpose(-1, -2) * self.size**-0.5
        score = score.masked_fill(~shown[:, None, None, :], -1e4)
        heard = (score.softmax(-1) @ v).transpose(1, 2).reshape(b, t, w)
        x = x + self.drop(self.tell(heard) + self.kin(torch.cat([own @ y, parent @ y], -1)))
        mixed: Tensor = self.drop(self.mix(self.after(x)))
        return x + mixed


def kinship(owner: Tensor, parent: Tensor, shown: Tensor) -> tuple[Tensor, Tensor]:
    """Averaging weights ``(B, T, T)`` over frames of the same process and of the parent process."""
    seen = shown[:, None, :] & shown[:, :, None]
    same = ((owner[:, :, None] == owner[:, None, :]) & seen).float()
    above = ((parent[:, :, None] == owner[:, None, :]) & seen).float()
    return same / same.sum(-1, keepdim=True).clamp(min=1), above / above.sum(-1, keepdim=True).clamp(min=1)


class Watcher(nn.Module):
    """The whole network; see ``forward``."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.frames = Frames(shape, shape.features, 0.1)
        self.naming = Frames(shape, shape.naming, 0.02)
        self.numbers = nn.Linear(NUMBERS, shape.width)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.blocks if shape.context else 0))
        self.last = nn.LayerNorm(shape.width)
        self.malice = nn.Linear(shape.width, 1)
        self.attend = nn.Linear(shape.width, 1)
        judge = nn.Linear(48, 1)
        self.scene = nn.Sequential(nn.Linear(shape.width, 48), nn.GELU(), nn.Dropout(0.1), judge)
        self.pool = nn.Parameter(torch.tensor([0.7, 0.3]))
        self.labels = nn.Sequential(nn.GELU(), nn.Dropout(0.1), nn.Linear(shape.width, shape.labels))
        for head in (self.malice, judge):
            nn.init.zeros_(head.weight)
            nn.init.zeros_(head.bias)

    def forward(
        self, frames: Tensor, place: Tensor, shown: Tensor, owner: Tensor, parent: Tensor, numbers: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Watch ``B`` clips of at most ``T`` frames.

        ``frames`` ``(F, ROWS, CHANNELS)`` int64 word numbers, 0 empty; ``place`` ``(B, T)`` which frame stands where;
        ``shown`` ``(B, T)`` bool, false for padding; ``owner`` and ``parent`` ``(B, T)`` process numbers; ``numbers``
        ``(B, T, NUMBERS)``. Returns logits: scene ``(B,)``, frame ``(B, T)``, labels ``(B, T, labels)``.
        """
        x = self.frames(frames)[place] + self.numbers(numbers)
        x = x * shown[..., None]
        own, above = kinship(owner, parent, shown)
        for block in self.blocks:
            x = block(x, shown, own, above)
        y = self.last(x)
        frame = (4 * numbers[..., 2] + self.malice(y)[..., 0]).masked_fill(~shown, UNSEEN)
        weight = (self.attend(y)[..., 0] + frame.detach().clamp(-6, 6)).masked_fill(~shown, -1e4).softmax(-1)
        watched = (weight[..., None] * y).sum(1)
        best = torch.topk(frame, LEAST, dim=1).values
        held = (best > UNSEEN + 1).float()
        mean = (best * held).sum(1) / held.sum(1).clamp(min=1)
        scene = self.pool[0] * best[:, 0] + self.pool[1] * mean + self.scene(watched)[..., 0]
        return scene, frame, self.labels(self.naming(frames))[place]


def parameters(net: nn.Module) -> int:
    """How many numbers the network learns."""
    return sum(p.numel() for p in net.parameters())
