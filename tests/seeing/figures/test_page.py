"""Pages that need nothing else, stay small, and can be read without seeing; drawings of the same figures."""

from __future__ import annotations

import base64
import io
import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from striate.pages.chart_lines import Scale, Series
from striate.seeing.figures import page
from striate.seeing.figures.colours import signed
from striate.seeing.figures.drawing import sheets_of
from striate.seeing.figures.figure import (
    Chart,
    Figure,
    Panel,
    Part,
    Table,
    Tile,
    Words,
    number,
    ranged,
)


def picture(rng: np.random.Generator, side: int = 96) -> np.ndarray:
    rough = rng.integers(0, 256, (side // 8, side // 8, 3), np.uint8)
    return np.ascontiguousarray(rough.repeat(8, 0).repeat(8, 1))


def every_part(rng: np.random.Generator) -> tuple[Part, ...]:
    shown = picture(rng)
    tiles = (
        Tile("whole", "96×96", shown, box=(10, 20, 50, 60)),
        Tile("map <b>", ranged(np.zeros((96, 96))), shown, np.zeros((96, 96)), is_apart=True),
        Tile("alone", values=rng.normal(size=(7, 7))),
        Tile("nothing"),
    )
    line = Series("one", "s1", ((-8.0, 0.2), (0.0, 0.9), (8.0, 0.4)))
    return (
        Panel("Tiles of $5", tiles, "Said.", reach=1.5),
        Chart(
            "Lines",
            (line, line._replace(name="two", kind="s2")),
            Scale(("pixels", ""), is_share=True),
            is_below=True,
        ),
        Table("Rows", ("a", "b"), (("x & y", "1"),), "lr", "Said of rows."),
        Words("Sums", ("1 × 2", "  = 2"), is_plain=True),
        Words("Sentences", ("One.", "Two.")),
    )


def test_a_figure_shows_its_page_in_a_notebook_in_a_frame_of_its_own(
    rng: np.random.Generator,
) -> None:
    figure = Figure('Title "of" <this>', "Lead.", every_part(rng))
    frames: list[dict[str, str | None]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert tag == "iframe", "nothing of the page stands outside of its frame"
            frames.append(dict(attrs))

    Reader().feed(figure._repr_html_())
    (frame,) = frames
    assert frame["srcdoc"] == page.page_of(figure)
    assert frame["title"] == figure.title


def test_a_page_holds_every_part_and_asks_for_nothing_from_elsewhere(
    rng: np.random.Generator,
) -> None:
    text = page.page_of(Figure("A <title>", "Lead.\nMore.", every_part(rng)))
    assert "A &lt;title&gt;" in text
    assert "map &lt;b&gt;" in text
    assert "x &amp; y" in text
    assert ">Lines</text>" in text
    assert re.search(r"(?:src|href)=.(?!data:|#)|https?:|url\((?!data:)", text) is None
    assert "<script" not in text
    assert "default-src 'none'" in text


def test_charts_below_a_part_stand_beside_one_another(rng: np.random.Generator) -> None:
    chart = next(part for part in every_part(rng) if isinstance(part, Chart))
    text = page.page_of(Figure("T", "L", (Words("First", ("One.",)), chart, chart, chart)))
    assert text.count('<div class="charts">') == text.count("<!-- charts -->") == 1
    assert text.count("<svg") == 3
    assert "<h3>" not in text


def test_every_picture_has_words_and_wide_ones_can_be_scrolled_by_keyboard(
    rng: np.random.Generator,
) -> None:
    text = page.page_of(Figure("T", "L", every_part(rng)))
    for stack in re.findall(r'<div class="stack"[^>]*>', text):
        assert 'role="img"' in stack
        assert 'aria-label="' in stack
    assert '<pre class="scroll" tabindex="0"' in text
    assert "blank: 0 everywhere" in text


def test_a_picture_under_several_maps_is_held_once(rng: np.random.Generator) -> None:
    shown = picture(rng)
    tiles = tuple(Tile(str(i), pixels=shown, values=rng.normal(size=(96, 96))) for i in range(5))
    text = page.page_of(Figure("T", "L", (Panel("P", tiles),)))
    assert text.count("data:image/jpeg") == 1
    assert text.count("data:image/png") == 5


def test_a_picture_as_wide_as_the_page_keeps_its_pixels_and_small_ones_no_more_than_before(
    rng: np.random.Generator,
) -> None:
    sheet = np.ascontiguousarray(
        rng.integers(0, 256, (90, 120, 3), np.uint8).repeat(8, 0).repeat(8, 1)
    )

    def held(side: int) -> tuple[int, int]:
        text = page.page_of(Figure("T", "L", (Panel("P", (Tile(pixels=sheet),), side=side),)))
        found = re.search(r"data:image/jpeg;base64,([A-Za-z0-9+/=]+)", text)
        assert found is not None
        return Image.open(io.BytesIO(base64.b64decode(found[1]))).size

    assert held(960) == (960, 720)
    assert held(83) == held(148) == (224, 168)
    assert held(300)[0] > 400


def test_two_hundred_pictures_with_maps_stay_within_three_megabytes(
    rng: np.random.Generator,
) -> None:
    parts: list[Part] = [Words("First", ("One.",))]
    for i in range(200):
        shown = rng.integers(0, 256, (224, 224, 3), np.uint8)  # the worst there is: noise
        maps: list[Any] = [
            np.kron(rng.normal(size=(s, s)), np.ones((224 // s, 224 // s))) for s in (7, 14, 224)
        ]
        tiles = (Tile("p", pixels=shown), *(Tile("m", pixels=shown, values=m) for m in maps))
        parts.append(Panel(f"{i}.jpg", tiles))
    text = page.page_of(Figure("T", "L", tuple(parts)))
    assert len(text.encode()) <= page.LARGEST
    assert text.count("<h3>") == 200


def test_the_pixels_of_a_map_on_a_page_are_its_colours() -> None:
    values = np.array([[-1.0, 0.0], [0.5, 1.0]])
    text = page.page_of(Figure("T", "L", (Panel("P", (Tile("m", values=values),)),)))
    found = re.search(r'<img class="sharp" alt="" src="data:image/png;base64,([^"]+)"', text)
    assert found is not None
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(found[1]))))
    np.testing.assert_array_equal(shown, signed(values, 1.0))


def test_a_drawing_has_every_part_and_is_a_png(rng: np.random.Generator) -> None:
    (sheet,) = sheets_of(Figure("A $title$ 漢", "Lead.", every_part(rng)))
    image = Image.open(io.BytesIO(sheet))
    assert (image.format, image.width) == ("PNG", 1300)
    shown = np.asarray(image.convert("RGB"))
    assert shown.std() > 5
    assert (shown[:40, :40] == 255).all()


def test_a_drawing_that_would_be_endless_goes_on_in_further_sheets_with_nothing_left_out() -> None:
    orange = Panel("above", (Tile("a", values=np.ones((3, 3))),), side=900)
    blue = Panel("below", (Tile("b", values=-np.ones((3, 3))),), side=900, is_below=True)
    parts = (orange, blue) * 7
    sheets = [
        np.asarray(Image.open(io.BytesIO(s)).convert("RGB"))
        for s in sheets_of(Figure("T", "L", parts))
    ]
    assert len(sheets) > 1
    assert all(len(sheet) <= 62 * 130 for sheet in sheets)
    warm = [runs_of(sheet, signed(np.ones((1, 1)), 1.0)[0, 0]) for sheet in sheets]
    cold = [runs_of(sheet, signed(-np.ones((1, 1)), 1.0)[0, 0]) for sheet in sheets]
    assert sum(warm) == sum(cold) == 7
    assert warm == cold  # what belongs to a part is on its sheet


def runs_of(sheet: NDArray[np.uint8], colour: NDArray[np.uint8]) -> int:
    """How many areas of a colour stand one above the other."""
    lines = (sheet == colour[:3]).all(axis=2).sum(axis=1) > 300
    return int((lines[1:] & ~lines[:-1]).sum())


@pytest.mark.parametrize(("value", "shown"), [(-0.5, "−0.5"), (0.0, "0"), (123456.0, "1.23e+05")])
def test_numbers_have_three_digits_and_a_real_minus(value: float, shown: str) -> None:
    assert number(value) == shown
