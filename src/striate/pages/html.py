"""One HTML file that needs nothing else: no script, no font, no address.

Text goes through `escaped`; whatever is already HTML is an `Html`, so the two cannot be confused.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Sequence
from typing import NamedTuple, NewType

from striate.pages.style import STYLE

Html = NewType("Html", str)


class Section(NamedTuple):
    """A part of a page; `name` is its place for links."""

    name: str
    title: str
    body: Html


def page(
    title: str, lead: Html, sections: Sequence[Section], language: str = "en", style: str = ""
) -> str:
    """The whole file; `style` is added to the look that all pages have."""
    shown = [section for section in sections if section.body]
    links = "".join(f'<li><a href="#{s.name}">{escaped(s.title)}</a></li>' for s in shown)
    body = "".join(f'<h2 id="{s.name}">{escaped(s.title)}</h2>\n{s.body}\n' for s in shown)
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "img-src data:; style-src 'unsafe-inline'\">\n"
        f"<title>{escaped(title)}</title>\n<style>{STYLE}{style}</style>\n</head>\n<body>\n"
        f'<a class="skip" href="#{shown[0].name if shown else ""}">Skip to the content</a>\n'
        f"<main>\n<h1>{escaped(title)}</h1>\n{lead}\n"
        f'<nav aria-label="Parts of this page"><ul>{links}</ul></nav>\n{body}</main>\n</body>\n</html>\n'
    )


def escaped(text: object) -> Html:
    """Any text as HTML that shows it: names of files may hold anything, even half a character.

    >>> escaped('<b> & "c"')
    '&lt;b&gt; &amp; &quot;c&quot;'
    """
    plain = str(text).encode("utf-8", "backslashreplace").decode("utf-8")
    shown = "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in plain)
    return Html(html.escape(shown))


def joined(parts: Iterable[str]) -> Html:
    """Several pieces of HTML, one after the other."""
    return Html("\n".join(parts))


def paragraph(text: str, kind: str = "") -> Html:
    """A paragraph of plain text."""
    return Html(f"<p{_class(kind)}>{escaped(text)}</p>")


def figures(pairs: Iterable[tuple[str, str]]) -> Html:
    """Large numbers, each with what it counts."""
    cells = (
        f"<div><b>{escaped(value)}</b><span>{escaped(what)}</span></div>" for value, what in pairs
    )
    return Html(f'<div class="figures">{"".join(cells)}</div>')


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], align: str, label: str) -> Html:
    """A table; `align` has a letter per column: l, r, n for names, or w for long text. A cell that is `Html`
    stays as it is.
    """
    kinds = {"l": "", "r": "r", "n": "called", "w": "long"}
    head = "".join(
        f'<th scope="col"{_class("r" if a == "r" else "")}>{escaped(h)}</th>'
        for h, a in zip(headers, align, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(f"<td{_class(kinds[a])}>{c}</td>" for c, a in zip(row, align, strict=True))
        + "</tr>\n"
        for row in rows
    )
    # Focusable, so that one can scroll it with the keyboard where it is wider than the window.
    return Html(
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escaped(label)}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table></div>"
    )


def pairs(facts: Iterable[tuple[str, str]], label: str) -> Html:
    """Names and their values, without those that have none. A value that is `Html` stays as it is."""
    rows = "".join(
        f'<tr><th scope="row">{escaped(name)}</th><td class="long">{value}</td></tr>\n'
        for name, value in facts
        if value
    )
    return (
        Html(f'<table class="pairs" aria-label="{escaped(label)}"><tbody>\n{rows}</tbody></table>')
        if rows
        else Html("")
    )


def picture(jpeg: bytes | None, name: str, note: str = "") -> Html:
    """A thumbnail with its name under it; without a JPEG an empty frame."""
    source = base64.b64encode(jpeg).decode("ascii") if jpeg else ""
    image = (
        f'<img alt="{escaped(name)}" loading="lazy" src="data:image/jpeg;base64,{source}">'
        if jpeg
        else ""
    )
    more = f"<br>{escaped(note)}" if note else ""
    return Html(f"<figure>{image}<figcaption>{escaped(name)}{more}</figcaption></figure>")


def gallery(pictures: Iterable[Html]) -> Html:
    """Pictures beside one another."""
    inside = "".join(f"<li>{one}</li>" for one in pictures)
    return Html(f'<ul class="pictures">{inside}</ul>') if inside else Html("")


def folded(title: str, body: Html) -> Html:
    """Something that opens when one asks for it."""
    return Html(f"<details><summary>{escaped(title)}</summary>\n{body}</details>")


def track(part: float) -> Html:
    """A bar as long as a part of the whole."""
    return Html(f'<div class="track"><i style="width:{100 * min(max(part, 0), 1):.1f}%"></i></div>')


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""
