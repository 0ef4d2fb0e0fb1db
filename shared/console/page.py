"""How does a page of the console look, and what may a browser do with it?

One style, inline and named by its hash, so that nothing else can be loaded or run; nothing is
cached, framed or sent on. Colours have the contrast that WCAG 2.2 AA asks for.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from html import escape

STYLE = """
*{box-sizing:border-box}
body{font:16px/1.5 system-ui,"Segoe UI",sans-serif;color:#1b1b1b;background:#f6f6f4;margin:0}
header{background:#16405b;color:#fff;padding:.75rem 1.25rem}
header p{margin:0 auto;max-width:60rem;display:flex;justify-content:space-between;gap:1rem}
main{max-width:60rem;margin:0 auto;padding:1.5rem 1.25rem 3rem}
h1{font-size:1.6rem;line-height:1.25;margin:.5rem 0}
table{border-collapse:collapse;width:100%;background:#fff;border:1px solid #c9c9c4}
caption{text-align:left;padding:.5rem 0;color:#4a4a4a}
th,td{text-align:left;vertical-align:top;padding:.75rem;border-bottom:1px solid #dcdcd8}
thead th{font-weight:600;background:#ecece8}
tbody th{font-weight:600}
form{margin:0}
label{display:block;margin:0 0 .5rem}
input[type=text]{font:inherit;width:100%;padding:.4rem;border:1px solid #6b6b6b}
input[type=text]{border-radius:4px;margin-top:.2rem}
button{font:inherit;font-weight:600;color:#fff;background:#16405b;border:0;border-radius:4px}
button{padding:.5rem .9rem;cursor:pointer}
button:hover{background:#0d2c40}
:focus-visible{outline:3px solid #b35900;outline-offset:2px}
summary{cursor:pointer;color:#16405b;font-weight:600;margin:.4rem 0}
.note{background:#fff;border:1px solid #c9c9c4;border-left:6px solid #16405b;padding:1rem}
.note{margin:1rem 0}
.note>:first-child{margin-top:0}
.note>:last-child{margin-bottom:0}
.stop{border-left-color:#a3210d}
.code{display:block;font:700 2.2rem/1.3 ui-monospace,Consolas,monospace;letter-spacing:.12em}
.code{margin:.5rem 0 1rem;user-select:all;overflow-wrap:anywhere}
.quiet{color:#4a4a4a}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem}
dt{color:#4a4a4a}
dd{margin:0;font-weight:600;overflow-wrap:anywhere}
@media(max-width:40rem){table,tbody,tr,th,td{display:block}thead{display:none}}
@media(max-width:40rem){caption{display:block;padding:.5rem .75rem}}
@media(max-width:40rem){dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.5rem}}
@media(max-width:40rem){th,td{border:0;padding:.4rem .75rem}tr{border-bottom:1px solid #c9c9c4}}
""".strip()
_HASH = base64.b64encode(hashlib.sha256(f"\n{STYLE}\n".encode()).digest()).decode()
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@dataclass(frozen=True)
class Answer:
    """What a browser gets; `html` may hold a pass, so nobody prints an answer."""

    status: int
    html: str

    def __repr__(self) -> str:
        """The status alone."""
        return f"Answer({self.status})"


def page(*, title: str, language: str, who: str, body: str) -> str:
    """The whole document; `body` is HTML, the rest is text."""
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)} - Instroom</title>\n<style>\n{STYLE}\n</style>\n</head>\n<body>\n"
        f"<header><p><strong>Instroom</strong><span>{escape(who)}</span></p></header>\n"
        f"<main>\n<h1>{escape(title)}</h1>\n{body}\n</main>\n</body>\n</html>\n"
    )
