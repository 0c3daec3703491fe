"""What an object shows of itself in a notebook: small HTML that brings its few lines of style along."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from striate.pages.html import Html, escaped, joined

_CELL = "padding:2px 10px;border:0;white-space:pre;text-align:"


def heading(text: str) -> Html:
    """A line above the rest."""
    return Html(f'<div style="font-weight:600;margin:4px 0">{escaped(text)}</div>')


def lines(texts: Iterable[str]) -> Html:
    """Lines as they are, in even letters."""
    shown = escaped("\n".join(texts))
    return Html(f'<pre style="margin:6px 0;line-height:1.35">{shown}</pre>')


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[int] = ()) -> Html:
    """A table of plain text; columns of `right` stand right. Columns with nothing in them are left out."""
    cells, to_right = [list(row) for row in rows], set(right)
    used = [c for c in range(len(headers)) if any(row[c] for row in cells)]

    def row_of(texts: Sequence[str], tag: str, line: str = "") -> str:
        made = "".join(
            f'<{tag} style="{_CELL}{"right" if c in to_right else "left"}{line}">'
            f"{escaped(texts[c])}</{tag}>"
            for c in used
        )
        return f"<tr>{made}</tr>"

    head = row_of(headers, "th", ";border-bottom:1px solid #999")
    body = joined(row_of(row, "td") for row in cells)
    return Html(
        '<div style="overflow-x:auto"><table style="border-collapse:collapse;margin:4px 0">'
        f"<thead>{head}</thead><tbody>{body}</tbody></table></div>"
    )
