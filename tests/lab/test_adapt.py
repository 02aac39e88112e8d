"""A screen learns a customer's attacks from labels, says honestly how well, and is refused where it learned nothing."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.film.staged import batch, launch
from tests.lab.adapt_stage import Host, replay_folder, small_pack, stage
from watchfloor.base.errors import InputError, UsageError
from watchfloor.film import screen as screens
from watchfloor.film.filming import film
from watchfloor.film.frames import Camera
from watchfloor.film.viewing import opinion, view
from watchfloor.lab import adapt, adapt_gate
from watchfloor.lab.adapt_footage import dealt, footage, leaking, names_of
from watchfloor.lab.adapt_labels import Label, mark, read_labels, same_source
from watchfloor.store.spool import Spool


@pytest.fixture(scope="module")
def known() -> Host:
    return Host("old", 99, "mimic", attacks=12, benign=24)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory, known: Host) -> Path:
    return small_pack(tmp_path_factory.mktemp("packs") / "base", known)


class Bench:
    """One customer's folder, labels and replay; ``run`` is the command line."""

    def __init__(self, folder: Path, base: Path, known: Host, patch: pytest.MonkeyPatch) -> None:
        self.folder, self.base, self.known, self.patch = folder, base, known, patch
        self.out, self.report, self.json = folder / "pack", folder / "report.html", folder / "found.json"
        patch.setattr(adapt_gate, "DRAWS", 200)
        patch.setattr(adapt, "REPLAY", replay_folder(folder / "replay", known))

    def run(self, hosts: list[Host], labels: str, seed: int = 0) -> int:
        self.patch.setattr(adapt, "Reader", stage({"logs": hosts, f"{self.known.name}.log": [self.known]}))
        (self.folder / "labels.csv").write_text(labels)
        words = ["--recordings", "logs", "--labels", str(self.folder / "labels.csv"), "--out", str(self.out)]
        words += ["--base", str(self.base), "--report", str(self.report), "--json", str(self.json)]
        return adapt.main([*words, "--seed", str(seed)])

    def found(self) -> dict:  # type: ignore[type-arg]
        return json.loads(self.json.read_text())  # type: ignore[no-any-return]


@pytest.fixture
def bench(tmp_path: Path, base: Path, known: Host, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(tmp_path, base, known, monkeypatch)


@pytest.mark.parametrize(("seed", "os"), [(0, "linux"), (1, "linux"), (2, "linux"), (3, "windows")])
def test_attacks_of_a_customer_are_learned(
    bench: Bench, seed: int, os: str, capsys: pytest.CaptureFixture[str]
) -> None:
    host = Host("lx", seed, "relay", os=os)
    assert bench.run([host], host.labels(), seed) == 0
    mine, other = ("windows", "unix") if os == "windows" else ("unix", "windows")
    facts, old = (json.loads((folder / "pack.json").read_text())["families"] for folder in (bench.out, bench.base))
    assert facts[mine] != old[mine]
    assert facts[other] == old[other], "nobody spoke of it"
    figures = bench.found()["families"][mine]["figures"]
    assert figures["before"]["average precision"]["value"] < 0.6
    assert figures["after"]["average precision"]["value"] > 0.9
    assert figures["difference"]["log loss"]["high"] < 0
    assert figures["after"]["benign scenes called malicious"]["share"] < 0.1
    assert bench.found()["replay"]["after"]["attack scenes called malicious"]["share"] > 0.9
    assert f"WATCHFLOOR_MODEL_PACK={bench.out}" in capsys.readouterr().out
    page = bench.report.read_text()
    assert page.count("<svg") == 2 and "<script" not in page


def test_the_pack_knows_new_attacks_names_what_it_came_from_and_is_made_again(bench: Bench, base: Path) -> None:
    host = Host("lx", 5, "relay")
    assert bench.run([host], host.labels()) == 0
    before, after = screens.load(base), screens.load(bench.out)
    facts, old = (json.loads((folder / "pack.json").read_text()) for folder in (bench.out, base))
    assert facts["adapted"]["base"] == bench.found()["base"]
    assert any("relay" in one for one in bench.found()["learned"]["speaks for an attack"])
    for name in ("watcher.onnx", "vocabulary.npz"):
        assert facts["files"][name] == old["files"][name]
    fresh = Host("new", 77, "relay")
    bad = np.asarray([row["record"] in fresh.bad_records for row in fresh.rows])
    frames = Camera().encode(fresh.batch())
    assert after.logits(frames)[bad].min() > after.logits(frames)[~bad].max()
    assert before.logits(frames)[bad].max() <= before.logits(frames)[~bad].max() + 1
    bench.out = bench.folder / "again"
    assert bench.run([host], host.labels()) == 0
    assert json.loads((bench.out / "pack.json").read_text()) == facts


def test_labels_of_events_and_of_a_source_do_as_well(bench: Bench) -> None:
    host = Host("lx", 8, "relay", attacks=4, benign=9)
    lines = [f"lx.log#{record},,malicious" for record in sorted(host.bad_records)]
    assert bench.run([host], "\n".join(["event_id,source,label", ",lx.log,benign", *lines]) + "\n") == 4
    data = bench.found()["data"]
    assert (data["malicious scenes"], data["benign scenes"]) == (4, 9)


def test_hosts_are_held_out_whole(bench: Bench) -> None:
    hosts = [Host(f"lx{i}", 20 + i, "relay", attacks=4, benign=9) for i in range(5)]
    text = "scene_id,label\n" + "".join(h.labels().partition("\n")[2] for h in hosts)
    assert bench.run(hosts, text) == 0
    assert bench.found()["data"]["held out by"] == "host"


def test_shuffled_labels_are_refused(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    host = Host("lx", 3, "relay")
    assert bench.run([host], host.labels(flip=True)) == 4
    assert not bench.out.exists()
    assert "no better than knowing nothing" in capsys.readouterr().out
    assert "Refused" in bench.report.read_text()
    assert bench.found()["promoted"] is False


def test_forgetting_what_shipped_is_refused(bench: Bench) -> None:
    """The customer swears that the known attack is ordinary work."""
    host = Host("lx", 4, "relay")
    harmless = Host("lx2", 5, "mimic", attacks=50, benign=5)
    text = host.labels() + "".join(f"lx2/{root},benign\n" for root in harmless.roots)
    assert bench.run([host, harmless], text) == 4
    assert any("it shipped with" in reason for reason in bench.found()["reasons"])


@pytest.mark.parametrize(
    ("attacks", "benign", "said"), [(5, 40, "too little data"), (12, 12, "too little data"), (0, 40, "one-sided")]
)
def test_too_little_data_is_refused(bench: Bench, attacks: int, benign: int, said: str) -> None:
    host = Host("lx", 3, "relay", attacks=attacks, benign=benign)
    assert bench.run([host], host.labels()) == 4
    assert not bench.out.exists()
    assert said in bench.found()["reasons"][0]
    assert said in bench.report.read_text()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("scene_id,label\nlx/lx-1,evil\n", "line 2: label 'evil' is neither"),
        ("scene_id,label\n,benign\n", "line 2: no event_id, scene_id or source"),
        ('{"label": "benign", "scene_id": "x"}\n{"label": \n', "line 2: no JSON object"),
        ("scene,verdict\nlx,benign\n", "have the columns scene, verdict"),
        ("scene_id,label\nlx/lx-1,\n", "holds no label"),
        ("scene_id,label\nlx/gone,benign\nlx/lost,malicious\n", "none of the 2 labels matches anything"),
        ("scene_id,label\nlx/lx-1,benign\nlx/lx-1,malicious\n", "contradict each other"),
    ],
)
def test_bad_labels_are_named(bench: Bench, text: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    host = Host("lx", 3, "relay", attacks=5, benign=5)
    assert bench.run([host], text) == 3
    assert said in capsys.readouterr().err
    assert not bench.out.exists()


def test_a_malicious_event_in_a_benign_scene_is_a_contradiction(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    host = Host("lx", 3, "relay", attacks=5, benign=5)
    record, root = sorted(host.bad_records)[0], None
    root = next(r["process.uid"].partition(".")[0] for r in host.rows if r["record"] == record)
    assert bench.run([host], f"scene_id,event_id,label\nlx/{root},,benign\n,lx.log#{record},malicious\n") == 3
    assert f"scene lx/{root} is benign" in capsys.readouterr().err


def test_lines_of_watch_without_a_label_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "scenes.jsonl"
    lines = [{"type": "scene", "scene_id": "a", "source": "s"}, {"scene_id": "b", "source": "s", "label": "Malicious"}]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    (label,) = read_labels(path)
    assert (label.kind, label.name, label.malicious, label.where) == ("scene_id", "b", True, "line 2")


def test_an_unreadable_labels_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_labels(tmp_path / "gone.csv")


def test_a_place_that_is_taken(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.out.mkdir()
    (bench.out / "precious").touch()
    assert bench.run([], "scene_id,label\na,benign\n") == UsageError.exit_code
    assert "is there already" in capsys.readouterr().err


def test_footage_is_judged_as_watching_judges_it(base: Path) -> None:
    host, screen = Host("lx", 12, "mimic", attacks=5, benign=9), screens.load(base)
    with Spool(1 << 24) as spool:
        reel = film([host.batch()], screen, spool)
        told = opinion(reel, view(reel))
        labels = [Label("scene_id", f"lx/{root}", root in host.bad_roots, "") for root in host.roots]
        part = footage(reel, mark(reel, labels), seed=0)
        scenes, owners = part.judged(screen.weights.astype(np.float64))
    unix = screen.families[1]
    assert np.allclose(unix.scenes.probability(scenes.astype(np.float32)), told.scene, atol=1e-4)
    assert np.allclose(unix.processes.probability(owners.astype(np.float32)), told.owner, atol=1e-4)


def test_names_of_people_and_hosts_are_not_learned_from() -> None:
    rows = [
        launch("{1}", "", "/usr/bin/sh", "run zorblat", 0, **{"user.name": "CORP\\zorblat", "device.hostname": "quux"}),
        launch("{2}", "", "/usr/bin/sh", "run root", 1, **{"user.name": "root", "device.hostname": "quux"}),
        launch("{3}", "", "/usr/bin/sh", "run", 2, **{"device.hostname": "quux"}),
    ]
    named, root, plain = Camera().encode(batch(*rows))[:, 2, 8:]
    with Spool(1 << 24) as spool:
        names = names_of(film([batch(*rows)], screens.blank(), spool))
    assert set(np.setdiff1d(named, plain)) <= set(names)
    assert not set(root) & set(names) and 0 not in names


def test_sources_are_known_by_their_end() -> None:
    assert same_source("a.log", "/var/a.log") and same_source("/old/logs/a.log", "logs/a.log")
    assert same_source("inner.json", "x.zip::inner.json")
    assert not same_source("a.log", "/var/ba.log") and not same_source("", "a.log")


def test_groups_stay_in_one_fold_and_attacks_are_spread() -> None:
    group, label = np.repeat(np.arange(20), 5), np.tile([1, 0, 0, 0, -1], 20)
    fold = dealt(group, label, 1)
    assert (fold[label < 0] == -1).all()
    assert all(len(np.unique(fold[(group == g) & (label >= 0)])) == 1 for g in range(20))
    assert np.bincount(fold[label == 1]).tolist() == [4] * 5


def test_scenes_that_show_the_same_in_two_folds_leak() -> None:
    bag = np.asarray([[0, 1, 0], [0, 2, 0], [1, 1, 0], [1, 2, 0], [2, 1, 0], [3, 1, 0]])
    assert leaking(bag, np.asarray([0, 1, 2, 2])).tolist() == [True, True, False, False]
