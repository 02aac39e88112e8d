"""A customer's file is read whatever it looks like, every record is accounted for, and parts share no text."""

import csv
import io
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tests.lab.tiny_backbone import made_texts
from watchfloor.base.errors import InputError, UsageError
from watchfloor.lab import near_duplicates
from watchfloor.lab.finetune_data import Read, read
from watchfloor.lab.finetune_split import Parts, split
from watchfloor.lab.near_duplicates import alike


def written(folder: Path, data: str | bytes, name: str = "data.csv") -> Path:
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def table(rows: list[dict[str, str]], delimiter: str = ",") -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def parts_of(folder: Path, rows: list[dict[str, str]], **options: bool) -> tuple[Read, Parts]:
    taken = read(written(folder, table(rows)))
    return taken, split(taken, **options)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_any_common_delimiter_and_encoding(tmp_path: Path, delimiter: str, encoding: str) -> None:
    rows = [{"Command Line": f'净化 数据库 备份 {n}, quoted "so"\nand broken', "Verdict": "良性"} for n in range(6)]
    found = read(written(tmp_path, table(rows, delimiter).encode(encoding)))
    assert [line.text for line in found.lines] == [row["Command Line"] for row in rows]
    assert {line.labels for line in found.lines} == {("良性",)}
    assert (found.columns["text"], found.columns["label"]) == ("Command Line", "Verdict")
    assert "Verdict" in found.words()


def test_the_limit_that_other_readers_set_for_a_cell_is_theirs_again_afterwards(tmp_path: Path) -> None:
    before = csv.field_size_limit()
    read(written(tmp_path, table(made_texts(4, 0))))
    with pytest.raises(InputError):
        read(written(tmp_path, "text,text\na,b\n"))
    assert csv.field_size_limit() == before


def test_windows_encoding_is_not_taken_for_chinese(tmp_path: Path) -> None:
    rows = [{"text": f"Überprüfung der Datei café {n}", "label": "a"} for n in range(5)]
    assert read(written(tmp_path, table(rows).encode("cp1252"))).lines[3].text == rows[3]["text"]


@pytest.mark.parametrize(
    ("label", "said"), [(1, "1"), (1.0, "1"), (True, "true"), (" x ", "x"), (["x"], "x"), ("\ud800", "?")]
)
def test_labels_of_json_are_words(tmp_path: Path, label: object, said: str) -> None:
    found = read(written(tmp_path, json.dumps({"text": "t", "label": label}) + "\n", "d.jsonl"))
    assert found.lines[0].labels == (said,)


def test_every_record_is_kept_or_named(tmp_path: Path) -> None:
    lines = ["text,label", "fine,a", "too,many,cells", ",a", "no label,", "NUL \0 here,a", "x" * 400_001 + ",a",
             '"never closed,a', "fine again,b", '"a ""quoted"" text, with comma",b']  # fmt: skip
    found = read(written(tmp_path, "\n".join(lines) + "\n"))
    assert [line.text for line in found.lines] == ["fine", "fine again", 'a "quoted" text, with comma']
    assert found.account.kept + found.account.rejected_records == len(lines) - 1
    where = {each.where: each.why for each in found.account.rejections}
    assert set(where) == {"line 3", "line 4", "line 5", "line 6", "line 7", "line 8"}
    assert "3 cells where the header has 2" in where["line 3"]
    assert "never closed" in where["line 8"]


def test_broken_json_lines_are_named(tmp_path: Path) -> None:
    text = '{"text":"a","label":"x"}\n{"text":\n[1]\n\n{"text":5,"label":"x"}\n{"text":"b","label":["x","y"]}\n'
    text += "[" * 100_000 + "\n"
    found = read(written(tmp_path, text))
    assert len(found.lines) == 1
    assert [each.where for each in found.account.rejections] == ["line 2", "line 3", "line 7", "line 5", "line 6"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04rest", "Excel workbook"),
        (bytes(range(256)) * 50, "is no text"),
        (b"text,label\n" + b'"open "a\n' * 30, "no record that can be read.*never closed"),
        (b"text,text\na,b\n", "two columns are called 'text'"),
        (b"text,label\n", "no record that can be read"),
        (b"text,label\n,\n,\na,\n", "no labelled text"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, data: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read(written(tmp_path, data))


def test_columns_nobody_can_guess_are_asked_for(tmp_path: Path) -> None:
    path = written(tmp_path, "foo,bar\nsome words,x\n")
    with pytest.raises(UsageError, match=r"it has: foo, bar.*--text COLUMN --label COLUMN"):
        read(path)
    assert read(path, {"text": "foo", "label": "BAR"}).lines[0].labels == ("x",)
    with pytest.raises(UsageError, match="no column 'baz'"):
        read(path, {"text": "baz"})


def test_facets_are_found_out_and_put_in_order(tmp_path: Path) -> None:
    rows = [
        {"description": "one", "label": "CVSS:3.1/AV:N/AC:L"},
        {"description": "two", "label": "AC:H/AV:L"},
        {"description": "three", "label": "AV:N"},
    ]
    rows += [{"description": f"more {n}", "label": "AV:P/AC:L"} for n in range(20)]
    found = read(written(tmp_path, table(rows)))
    assert found.kind == "facets"
    assert [line.labels for line in found.lines[:2]] == [("AV:N", "AC:L"), ("AV:L", "AC:H")]
    assert found.account.rejections[0].why == "its label lacks AC"


@pytest.mark.parametrize("seed", range(5))
def test_near_duplicates_are_all_found(seed: int) -> None:
    """Against comparing every text with every other."""
    rng = np.random.default_rng(seed)
    words = ["".join(rng.choice(list("abcdefgh"), 5)) for _ in range(60)]
    texts = [" ".join(rng.choice(words, 12)) for _ in range(80)]
    texts += [text + " tail" for text in texts[:20]] + [text.upper() for text in texts[:5]]
    found = alike(texts)
    left, right = found.left, found.right
    vectors = near_duplicates._vectors(list(dict.fromkeys(map(near_duplicates.normalised, texts))))
    full = np.triu((vectors @ vectors.T).toarray() >= near_duplicates.NEAR - 1e-6, 1)
    assert sorted(zip(left.tolist(), right.tolist(), strict=True)) == sorted(map(tuple, np.argwhere(full).tolist()))
    assert len(left) > 5


def like(texts: list[str], known: list[str]) -> list[int]:
    """For each text the place of a known one that it is like, or -1."""
    places = np.arange(len(texts) + len(known))
    found = alike([*texts, *known]).near(places[: len(texts)], places[len(texts) :])
    return np.where(found < 0, -1, found - len(texts)).tolist()  # type: ignore[no-any-return]


def test_clusters_and_neighbours() -> None:
    texts = ["net user admin /add /domain now", "NET  user admin /add /domain now", "something else", "ab", ""]
    found = alike(texts).clusters().tolist()
    assert found[0] == found[1]
    assert len(set(found)) == 4
    assert like([texts[1], "quite another thing"], texts) == [0, -1]


@pytest.mark.parametrize("count", [300, 2_600])
def test_no_near_duplicate_is_in_two_parts_and_every_label_in_all(tmp_path: Path, count: int) -> None:
    rows = made_texts(count, 3)
    rows += [{"text": row["text"] + " x", "label": row["label"]} for row in rows[: count // 3]]
    taken, parts = parts_of(tmp_path, rows)
    assert not parts.refusals
    total = len(parts.train) + len(parts.dev) + len(parts.test)
    assert total == len({line.text for line in taken.lines})
    assert not parts.twins
    for held, known in ((parts.test, parts.train + parts.dev), (parts.dev, parts.train)):
        assert max(like([each.text for each in held], [each.text for each in known])) < 0
        assert {each.labels[0] for each in held} == {"malicious", "benign"}
        assert 0.05 < len(held) / total < 0.35


def test_the_split_does_not_depend_on_the_order_of_the_file(tmp_path: Path) -> None:
    rows = made_texts(400, 4)
    first = {each.text for each in parts_of(tmp_path, rows)[1].test}
    assert first == {each.text for each in parts_of(tmp_path, rows[::-1])[1].test}


def test_groups_are_never_cut_and_their_near_duplicates_do_not_count(tmp_path: Path) -> None:
    rows = made_texts(600, 5)
    rows = [row | {"group": f"g{n % 60}"} for n, row in enumerate(rows)]
    rows += [row | {"text": row["text"] + " x", "group": f"g{(n + 31) % 60}"} for n, row in enumerate(rows[:100])]
    _, parts = parts_of(tmp_path, rows)
    assert not parts.refusals
    groups = [{each.group for each in part} for part in (parts.train, parts.dev, parts.test)]
    assert not groups[0] & groups[1] and not groups[0] & groups[2] and not groups[1] & groups[2]
    assert parts.twins
    assert max(like([each.text for each in parts.test], [each.text for each in parts.train + parts.dev])) < 0


def refusal(parts: Parts) -> str:
    return " ".join(f"{each.what} {each.then} {' '.join(each.shown)}" for each in parts.refusals)


def test_too_small(tmp_path: Path) -> None:
    said = refusal(parts_of(tmp_path, made_texts(60, 1))[1])
    assert "60 distinct texts, and 200 are needed" in said
    assert "Label 140 more" in said


def test_a_label_with_few_texts(tmp_path: Path) -> None:
    rows = made_texts(300, 1) + [row | {"label": "odd"} for row in made_texts(6, 77)]
    _, parts = parts_of(tmp_path, rows)
    assert "'odd' 6" in refusal(parts)
    assert "--leave-out-rare" in refusal(parts)
    _, parts = parts_of(tmp_path, rows, leave_out_rare=True)
    assert not parts.refusals
    assert (parts.facts["rare labels, left out"], parts.facts["texts of rare labels, left out"]) == (1, 6)
    assert set(parts.labels) == {"malicious", "benign"}


def test_one_sided(tmp_path: Path) -> None:
    said = refusal(parts_of(tmp_path, [row | {"label": "bad"} for row in made_texts(300, 1)])[1])
    assert "one-sided: all 300 are labelled 'bad'" in said


def test_a_label_column_that_is_an_id(tmp_path: Path) -> None:
    rows = [row | {"label": f"ticket-{n}"} for n, row in enumerate(made_texts(300, 1))]
    assert "looks like an id" in refusal(parts_of(tmp_path, rows)[1])


def test_contradicting_labels(tmp_path: Path) -> None:
    rows = made_texts(300, 1)
    rows += [{"text": row["text"].upper(), "label": "unsure"} for row in rows[:40]]
    _, parts = parts_of(tmp_path, rows)
    assert "40 of 300 distinct texts bear more than one label" in refusal(parts)
    assert "in line 2" in refusal(parts) and "in line 302" in refusal(parts)
    _, parts = parts_of(tmp_path, [*rows[:300], *rows[300:308]])
    assert not parts.refusals
    kept = Counter(each.labels[0] for each in parts.train + parts.dev + parts.test)
    assert (sum(kept.values()), kept["unsure"]) == (292, 0)
    assert not parts_of(tmp_path, [*made_texts(300, 1), *rows[300:340]], keep_contradictions=True)[1].refusals


@pytest.mark.parametrize("flip", [False, True])
def test_a_split_that_leaks(tmp_path: Path, flip: bool) -> None:
    rows = [row | {"split": "test" if n < 80 else "train"} for n, row in enumerate(made_texts(400, 1))]
    other = {"malicious": "benign", "benign": "malicious"}
    rows += [
        {"text": row["text"] + " x", "label": other[row["label"]] if flip else row["label"], "split": "train"}
        for row in rows[:10]
    ]
    _, parts = parts_of(tmp_path, rows)
    said = refusal(parts)
    assert "the split leaks" in said
    assert "--split none" in said
    assert f"({10 if flip else 0:,} of them under another label)" in said
    assert len(parts.refusals[0].shown) == 2
    taken = read(written(tmp_path, table(rows)), {"split": "none"})
    assert not split(taken).refusals


def test_a_given_split_is_kept_and_development_is_drawn(tmp_path: Path) -> None:
    rows = [row | {"split": "Testing" if n < 80 else "TRAIN"} for n, row in enumerate(made_texts(400, 1))]
    _, parts = parts_of(tmp_path, rows)
    assert not parts.refusals
    assert {each.text for each in parts.test} == {row["text"] for row in rows[:80]}
    assert len(parts.dev) >= 40


def test_a_given_split_without_a_test_part(tmp_path: Path) -> None:
    rows = [row | {"split": "train"} for row in made_texts(400, 1)]
    assert "gives no text to test" in refusal(parts_of(tmp_path, rows)[1])


def test_a_test_part_too_small_to_mean_anything(tmp_path: Path) -> None:
    rows = [row | {"split": "test" if n < 20 else "train"} for n, row in enumerate(made_texts(400, 1))]
    said = refusal(parts_of(tmp_path, rows)[1])
    assert "the test part is too small: 20 texts; an accuracy of 0.9 on it could be anything from 0.70 to 0.97" in said


def test_one_great_group_cannot_be_held_out(tmp_path: Path) -> None:
    rows = [row | {"group": "a" if n % 20 else "b"} for n, row in enumerate(made_texts(400, 1))]
    assert "the test part" in refusal(parts_of(tmp_path, rows)[1])


def test_weights_are_read_and_those_that_are_none_are_named(tmp_path: Path) -> None:
    lines = "text,label,weight\n" + "".join(
        f"text {n},a,{w}\n" for n, w in enumerate(("3", "", "-1", "much", "inf", "0.5"))
    )
    found = read(written(tmp_path, lines))
    assert [line.weight for line in found.lines] == [3.0, 1.0, 0.5]
    assert [each.where for each in found.account.rejections] == ["line 4", "line 5", "line 6"]
    assert {each.why for each in found.account.rejections} == {"its weight is no number above zero"}
