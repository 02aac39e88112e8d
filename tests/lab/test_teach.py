"""The network learns what a sum of frames cannot say, on any seed, and runs the same in ONNX."""

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import sparse
from sklearn.metrics import roc_auc_score

from watchfloor.base.errors import PackError
from watchfloor.film.clips import Ints, Stock, padded
from watchfloor.film.frames import CHANNELS, ROWS
from watchfloor.film.net import UNSEEN, Net
from watchfloor.film.pixels import PIXELS, Pixels
from watchfloor.film.usual import NUMBERS
from watchfloor.lab.bags import Bags
from watchfloor.lab.clips import Hardship
from watchfloor.lab.export import export
from watchfloor.lab.labels import Labels
from watchfloor.lab.net import Shape, Watcher
from watchfloor.lab.teach import Lesson, course, inputs, teach, watch

FETCH, RUN, NOISE = 100, 200, 1_000
LABELS = ("T1059", "T1105", "TA0002", "TA0011")


def _recordings(seed: int, scenes: int = 240) -> tuple[Bags, Pixels]:
    """Every scene fetches something and runs something; in an intruder's the same process does both."""
    rng = np.random.default_rng(seed)
    pixels = np.zeros((scenes * 6, ROWS, CHANNELS), np.uint32)
    pixels[:, 0, :3] = rng.integers(NOISE, NOISE + 30, (scenes * 6, 3))
    owner, truth = np.zeros(scenes * 6, np.int64), np.zeros(scenes * 6, np.int8)
    for s in range(scenes):
        bad = s % 2
        fetch, run = rng.choice(6, 2, replace=False)
        owner[s * 6 : s * 6 + 6] = 3 * s + np.asarray([0, 0, 1, 1, 2, 2])[rng.permutation(6)]
        if bad:
            owner[s * 6 + run] = owner[s * 6 + fetch]
        elif owner[s * 6 + run] == owner[s * 6 + fetch]:
            owner[s * 6 + run] = 3 * s + (owner[s * 6 + run] - 3 * s + 1) % 3
        pixels[s * 6 + fetch, 2, 0], pixels[s * 6 + run, 2, 0] = FETCH, RUN
        truth[[s * 6 + fetch, s * 6 + run]] = bad
    n = len(owner)
    flat = pixels.reshape(n, -1)
    x = sparse.csr_matrix(
        (np.ones((flat > 0).sum(), np.float32), flat[flat > 0], np.r_[0, np.cumsum((flat > 0).sum(1))])
    )
    x.resize((n, PIXELS))
    recording = np.repeat(np.arange(scenes) // 2 % 4, 6).astype(np.int32)
    facts = [
        {"label": "background", "lab": f"range:{i}", "source": "range", "techniques": [], "tactics": []}
        for i in range(4)
    ]
    bags = Bags(
        x=x,
        recording=recording,
        scene=np.repeat(np.arange(scenes), 6),
        owner=owner,
        pattern=rng.integers(1, 2**60, n).astype(np.uint64),
        repeats=np.ones(n, np.int32),
        launch=np.ones(n, np.bool_),
        action=np.zeros(n, np.int16),
        truth=truth,
        intrusion=np.zeros(n, "S8"),
        technique=np.zeros(n, "S8"),
        time=np.arange(n) * 1_000_000,
        parent=np.full(n, -1),
        host=recording.astype(np.int64),
        rule=np.zeros(n, np.int8),
        rule_techniques=np.zeros(n, "S8"),
        facts=facts,
        labs=[f["lab"] for f in facts],
        lab=np.arange(4),
    )
    return bags, pixels


def _labels(bags: Bags) -> Labels:
    return Labels(LABELS, np.zeros((4, 4), np.float32), np.zeros(0, np.int64), np.zeros((0, 4), np.float32))


def _auc(seed: int, lesson: Lesson) -> float:
    """Of scenes of a recording that was held out."""
    bags, pixels = _recordings(seed)
    training = np.asarray([True, True, True, False])
    look = np.zeros(len(bags.recording))
    taught = teach(bags, pixels, training, lesson, _labels(bags), (np.zeros(PIXELS), 0.0), look)
    plan = course(bags, look, ~training[bags.recording])
    stock = Stock(
        taught.vocabulary.words(pixels),
        bags.owner,
        bags.parent,
        bags.time,
        bags.repeats,
        look,
        np.zeros((len(look), NUMBERS), np.float32),
    )
    scene, frame, _ = watch(taught, bags, stock, plan)
    assert (frame[training[bags.recording]] == UNSEEN).all(), "only what is asked for is watched"
    return float(roc_auc_score([bags.truth[c].max() for c in plan.clips], scene))


@pytest.mark.parametrize("seed", range(2))
def test_who_did_both_is_seen_only_in_context(seed: int) -> None:
    easy = Hardship(forget=0.02, rename=0, skip=0, paste=0)
    lesson = Lesson(epochs=7, tokens=128, rate=3e-3, ask_itself_from=99, hardship=easy, seed=seed)
    alone = Lesson(**{name: getattr(lesson, name) for name in Lesson.__slots__} | {"context": False})
    assert _auc(seed, lesson) > 0.9
    assert _auc(seed, alone) < 0.7, "frames one by one say nothing"


def _clips(rng: np.random.Generator, words: int) -> tuple[Stock, list[Ints]]:
    size = 60
    table = rng.integers(0, words, (size, ROWS, CHANNELS)).astype(np.uint16)
    owner = rng.integers(0, 9, size)
    stock = Stock(
        table,
        owner,
        owner - 1,
        np.arange(size) * 10_000,
        np.ones(size, np.int32),
        rng.normal(size=size),
        rng.random((size, NUMBERS), np.float32),
    )
    return stock, [np.arange(0, 1), np.arange(1, 3), np.arange(3, 60)]


def test_the_graph_says_what_the_network_says(tmp_path: Path) -> None:
    torch.manual_seed(7)
    net = Watcher(Shape(50, len(LABELS)))
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    export(net, LABELS, tmp_path / "net.onnx")
    stock, clips = _clips(np.random.default_rng(7), 50)
    graph = Net(tmp_path / "net.onnx", None, LABELS)  # type: ignore[arg-type]  # the words are numbers already
    seen = graph.watch(stock, clips)
    for number, clip in enumerate(clips):
        scene, frame, labels = net.eval()(*inputs(padded(stock, [clip])))
        assert seen.scene[number] == pytest.approx(scene.item(), abs=1e-3)
        assert np.allclose(seen.frame[clip], frame.detach().numpy()[0, : len(clip)], atol=1e-3)
        share = graph.name(stock, clip)
        assert np.allclose(share[:, :2].sum(1), 1, atol=1e-4) and np.allclose(share[:, 2:].sum(1), 1, atol=1e-4)
        assert (share[:, :2].argmax(1) == labels.detach().numpy()[0, : len(clip), :2].argmax(1)).all()


def test_neighbours_in_a_batch_change_nothing(tmp_path: Path) -> None:
    net = Watcher(Shape(50, len(LABELS))).eval()
    stock, clips = _clips(np.random.default_rng(3), 50)
    together, _, _ = net(*inputs(padded(stock, clips)))
    for number, clip in enumerate(clips):
        alone, _, _ = net(*inputs(padded(stock, [clip])))
        assert together[number].item() == pytest.approx(alone[0].item(), abs=1e-4)


def test_a_network_that_cannot_be_run_is_named(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(b"no graph")
    stock, clips = _clips(np.random.default_rng(1), 50)
    with pytest.raises(PackError, match="cannot be run"):
        Net(tmp_path / "net.onnx", None, LABELS).watch(stock, clips)  # type: ignore[arg-type]
