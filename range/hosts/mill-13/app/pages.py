"""The look of the pages."""

import html

VERSION = "1.0"


def table(rows):
    cells = ("".join(f"<td>{html.escape(str(value))}</td>" for value in row) for row in rows)
    return "<table>" + "".join(f"<tr>{row}</tr>" for row in cells) + "</table>"


def page(title, body):
    head = f"<!doctype html><title>{title}</title><link rel=stylesheet href=/style.css>"
    return f"{head}<h1>{title}</h1>{body}<footer>waybill {VERSION}</footer><script>document.title += ' ok'</script>\n"
