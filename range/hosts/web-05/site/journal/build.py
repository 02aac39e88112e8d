"""Turns the journal's posts into pages: build.py [OUT]."""

import sys
from pathlib import Path

import markdown
from jinja2 import Template

HERE = Path(__file__).parent
PAGE = Template((HERE / "page.html").read_text())
out = Path(sys.argv[1] if len(sys.argv) > 1 else HERE / "out")
out.mkdir(parents=True, exist_ok=True)
titles = {}
for post in sorted((HERE / "posts").glob("*.md")):
    text = post.read_text()
    titles[post.stem] = text.splitlines()[0].lstrip("# ")
    (out / f"{post.stem}.html").write_text(PAGE.render(title=titles[post.stem], body=markdown.markdown(text)))
rows = "".join(f'<li><a href="{name}.html">{title}</a></li>' for name, title in titles.items())
(out / "index.html").write_text(PAGE.render(title="Journal", body=f"<ul>{rows}</ul>"))
print(len(titles), "posts")
