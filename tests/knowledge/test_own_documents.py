"""Own documents: cut by heading with their place, replaced when read again, refused by name when they are none."""

import io
import zlib
from pathlib import Path

import pytest

from tests.knowledge.sources import WordCounter, zipped
from watchfloor.base.settings import Settings
from watchfloor.knowledge.building import Built, add
from watchfloor.knowledge.knowledge_base import KnowledgeBase
from watchfloor.knowledge.readers import own
from watchfloor.knowledge.readers.own_pdf import pages

MARKDOWN = """Before any heading.

# Credential theft

Call the duty officer.

```
# this is a comment, no heading
```

## On Windows

重置所有域管理员密码。 Reset krbtgt twice.
"""
HTML = """<!doctype html><html><head><title>t</title><style>p{color:red}</style>
<script>alert("secret-script")</script></head>
<body><h1>VPN</h1><p>Use the <b>jump</b> host.</p><h2>Access &amp; keys</h2><ul><li>Ask Grace</li></ul></body></html>"""


def pdf(text: str) -> bytes:
    """A one-page PDF, written by hand."""
    stream = zlib.compress(f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode())
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> /MediaBox [0 0 612 792] >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]  # fmt: skip
    out, offsets = io.BytesIO(b"%PDF-1.4\n"), []
    out.seek(0, io.SEEK_END)
    for number, body in enumerate(objects, 1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = out.tell()
    out.write(b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % each for each in offsets))
    out.write(b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % start)
    return out.getvalue()


def added(tmp_path: Path, *names: str) -> Built:
    return add(tmp_path / "kb", [str(tmp_path / name) for name in names], Settings(), WordCounter())


def test_markdown_is_cut_by_heading_and_knows_its_lines() -> None:
    sections = list(own.markdown_sections(MARKDOWN))
    assert [(headings, place) for headings, place, _ in sections] == [
        ((), "line 1"), (("Credential theft",), "line 3"), (("Credential theft", "On Windows"), "line 11"),
    ]  # fmt: skip
    assert "# this is a comment" in sections[1][2]


def test_html_shows_what_a_reader_sees() -> None:
    sections = list(own.html_sections(HTML))
    assert [(headings, text) for headings, _, text in sections] == [
        ((), "t"), (("VPN",), "Use the jump host."), (("VPN", "Access & keys"), "Ask Grace"),
    ]  # fmt: skip
    assert "secret-script" not in str(sections)


def test_a_search_finds_the_place(tmp_path: Path) -> None:
    (tmp_path / "playbook.md").write_text(MARKDOWN)
    (tmp_path / "manual.pdf").write_bytes(pdf("Isolate the host within ten minutes"))
    (tmp_path / "vpn.html").write_text(HTML)
    (tmp_path / "wiki.zip").write_bytes(zipped({"notes/phones.txt": "Night\n\nThe night number is 4711."}))
    done = added(tmp_path, "playbook.md", "manual.pdf", "vpn.html", "wiki.zip")
    assert done.account.rejections == []
    assert done.by_kind == {"note": 4}
    with KnowledgeBase.open(tmp_path / "kb", WordCounter()) as base:
        first = base.search("reset krbtgt", limit=1)[0]
        assert (first.title, first.place) == ("Credential theft", "Credential theft › On Windows, line 11")
        assert first.origin.address.endswith("playbook.md")
        assert base.search("isolate host minutes")[0].place == "page 1"
        assert base.search("night number")[0].id.endswith("wiki.zip::notes/phones.txt")
        assert base.search("域管理员密码")[0].title == "Credential theft"


def test_reading_again_replaces_and_a_deleted_file_is_withdrawn(tmp_path: Path) -> None:
    wiki = tmp_path / "wiki"
    wiki.mkdir()
    (wiki / "a.md").write_text("# A\nThe password policy is twelve characters.")
    (wiki / "b.md").write_text("# B\nObsolete advice.")
    added(tmp_path, "wiki")
    (wiki / "a.md").write_text("# A\nThe password policy is sixteen characters.")
    (wiki / "b.md").unlink()
    done = added(tmp_path, "wiki")
    assert (done.changes.replaced, done.changes.withdrawn, done.encoded) == (1, 1, 1)
    with KnowledgeBase.open(tmp_path / "kb") as base:
        assert "sixteen" in base.search("password policy")[0].snippet
        assert "twelve" in base.search("password policy", as_of="1")[0].snippet


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.pdf", b"%PDF-1.7\nnothing more", "is no PDF"),
        ("a.pdf", pdf(""), "holds no text"),
        ("a.md", b"\x00\x01\x02ELF", "is binary"),
        ("a.txt", bytes(range(128, 256)) * 40 + b"\x81\xff" * 400, "is binary"),
        ("a.txt", b" \n\t\n", "holds no text"),
        ("a.txt", b"word. " * 6_000_000, "larger than 32 MiB"),
        ("a.zip", b"PK\x03\x04broken", "zip"),
    ],
)
def test_what_is_no_document_is_named(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(content)
    (tmp_path / "good.md").write_text("# Good\nStill read.")
    done = added(tmp_path, name, "good.md")
    assert reason in " ".join(each.why for each in done.account.rejections)
    assert done.by_kind == {"note": 1}


def test_a_pdf_with_endless_pages_is_no_way_in() -> None:
    loop = pdf("x").replace(b"/Kids [3 0 R] /Count 1", b"/Kids [2 0 R] /Count 1")
    with pytest.raises(ValueError, match=r"PDF|text"):
        pages(loop)


def test_text_in_the_encoding_of_chinese_windows(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("应急响应手册：先隔离主机。".encode("gb18030"))
    added(tmp_path, "a.txt")
    with KnowledgeBase.open(tmp_path / "kb") as base:
        assert base.search("隔离主机")[0].snippet.startswith("应急响应手册")
