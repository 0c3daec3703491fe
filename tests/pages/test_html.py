"""Pages: escaping, structure, and what a reader without a mouse needs."""

from __future__ import annotations

import pytest

from striate.pages.html import (  # fmt: skip
    Html,
    Section,
    escaped,
    figures,
    folded,
    gallery,
    page,
    paragraph,
    picture,
    table,
    track,
)
from striate.pages.style import STYLE


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("<script>", "&lt;script&gt;"),
        ("a \"b\" & 'c'", "a &quot;b&quot; &amp; &#x27;c&#x27;"),
        ("bell\a and \x1b[31m", "bell\ufffd and \ufffd[31m"),
        ("half \udcff of a letter", "half \\udcff of a letter"),
        ("right-to-left \u202egpj", "right-to-left \ufffdgpj"),
        (12, "12"),
    ],
)
def test_any_text_becomes_harmless(text: object, wanted: str) -> None:
    assert escaped(text) == wanted


def test_a_page_links_its_sections_and_leaves_out_empty_ones() -> None:
    sections = [Section("one", "First", paragraph("text")), Section("two", "Second", Html(""))]
    text = page("A <title>", Html("<p>lead</p>"), sections)
    assert text.startswith("<!doctype html>\n<html lang=")
    assert "<title>A &lt;title&gt;</title>" in text
    assert '<a class="skip" href="#one">' in text
    assert '<a href="#one">First</a>' in text
    assert "Second" not in text
    assert "default-src 'none'" in text


def test_the_style_knows_dark_and_focus_and_loads_nothing() -> None:
    assert "prefers-color-scheme: dark" in STYLE
    assert "focus-visible" in STYLE
    assert "url(" not in STYLE
    assert "@import" not in STYLE


def test_a_table_can_be_reached_and_scrolled_with_keys() -> None:
    text = table(["class", "n"], [["a", "1"]], "lr", "Counts")
    assert 'tabindex="0" role="region" aria-label="Counts"' in text
    assert '<th scope="col" class="r">n</th>' in text
    assert '<td>a</td><td class="r">1</td>' in text


def test_a_picture_has_its_name_as_its_text() -> None:
    assert 'alt="a&lt;b.jpg"' in picture(b"123", "a<b.jpg", "note")
    assert "<img" not in picture(None, "gone.jpg")


def test_small_parts_are_well_formed() -> None:
    assert gallery([]) == ""
    assert gallery([Html("<p>x</p>")]) == '<ul class="pictures"><li><p>x</p></li></ul>'
    assert "width:100.0%" in track(7.0)
    assert "width:0.0%" in track(-1)
    assert "<summary>a &amp; b</summary>" in folded("a & b", Html("x"))
    assert "<b>1,000</b><span>pictures</span>" in figures([("1,000", "pictures")])
