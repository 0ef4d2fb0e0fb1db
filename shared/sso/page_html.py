"""The page for TOPdesk's administrator, for a browser and for paper: one file, nothing loaded.

A value is selected whole by one click, so that it is copied without a blank too many.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from shared.sso.page import Page, Section, Step

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;color:#1b1b1b}
body{max-width:54rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem;line-height:1.25;margin-bottom:.25rem}
h2{font-size:1.2rem;margin-top:2.5rem;border-top:1px solid #ccc;padding-top:1rem}
.made{color:#595959;margin-top:0}
ol>li{margin:.9rem 0;padding-left:.25rem}
table{border-collapse:collapse;margin:.5rem 0;width:100%}
th,td{text-align:left;vertical-align:top;padding:.35rem .5rem;border-bottom:1px solid #ddd}
th{font-weight:normal;color:#444;width:13rem}
td{font-family:ui-monospace,Consolas,monospace;font-size:.9rem}
td{overflow-wrap:anywhere;user-select:all}
code{font-family:ui-monospace,Consolas,monospace;font-size:.9em}
@media(max-width:40rem){tr,th,td{display:block}th{width:auto;border:0;padding-bottom:0}}
@media(max-width:40rem){ol{padding-left:1.25rem}}
@media print{body{margin:0;font-size:12px}h2{break-after:avoid}li,tr{break-inside:avoid}}
""".strip()


def html(page: Page) -> str:
    """The whole file."""
    return "\n".join(_lines(page)) + "\n"


def _lines(page: Page) -> Iterator[str]:
    yield f'<!doctype html>\n<html lang="{page.language}">\n<head>\n<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{escape(page.title)}</title>\n<style>\n{_STYLE}\n</style>\n</head>\n<body>"
    yield f'<h1>{escape(page.title)}</h1>\n<p class="made">{escape(page.made)}</p>'
    yield from (f"<p>{_words(each)}</p>" for each in page.intro)
    for section in page.sections:
        yield from _section(section)
    yield f"<h2>{escape(page.afterwards_title)}</h2>\n<ul>"
    yield from (f"<li>{_words(each)}</li>" for each in page.afterwards)
    yield "</ul>\n</body>\n</html>"


def _section(section: Section) -> Iterator[str]:
    yield f"<h2>{escape(section.title)}</h2>\n<p>{_words(section.intro)}</p>\n<ol>"
    for step in section.steps:
        yield from _step(step)
    yield "</ol>"


def _step(step: Step) -> Iterator[str]:
    yield f"<li>{_words(step.text)}"
    if step.values:
        yield "<table>"
        for name, value in step.values:
            yield f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>"
        yield "</table>"
    yield "</li>"


def _words(text: str) -> str:
    """A sentence; what stands between backticks is typed as it is."""
    parts = escape(text).split("`")
    return "".join(
        part if at % 2 == 0 else f"<code>{part}</code>" for at, part in enumerate(parts)
    )
