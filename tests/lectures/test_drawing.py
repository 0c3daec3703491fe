"""Stills and frames say what their arrays say: read back from the SVG, from pixels and from the GIF."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from striate.lectures.drawing import scene_of, wrapped
from striate.lectures.scene import Box, Disc, Mark, Path, Picture, Scene, Text
from striate.lectures.shown import Chart, Curve, Grid, Link, Net, Node, Sign, Still, Words
from striate.lectures.to_pixels import gif_of, pixels_of, pixels_of_all, png_of
from striate.lectures.to_svg import svg_of
from striate.pictures.files import decode
from striate.seeing.figures.colours import ABOVE, BELOW
from tests.lectures.reading import cells, frames_in, grid, words

VALUES = np.array([[3.0, 0, -3], [np.nan, 8 / 3, -0.5]])


def still(values: np.ndarray = VALUES, said: str = "") -> Still:
    return Still("A title", ((Grid("numbers", values, boxes=((0, 1, 2, 3),)), Sign("=")),), said)


def test_the_numbers_in_the_svg_are_those_of_the_array_and_unknown_cells_are_empty() -> None:
    read = grid(still(), "numbers")
    np.testing.assert_allclose(read, VALUES, rtol=5e-4)
    assert (1, 0) not in cells(svg_of(scene_of(still())))["numbers"]


def test_above_zero_is_orange_below_blue_and_zero_white_in_the_pixels() -> None:
    scene = scene_of(still())
    pixels = pixels_of(scene)
    boxes = [m for m in scene.marks if isinstance(m, Box) and m.fill][:3]
    above, zero, below = (pixels[int(b.y) + 12, int(b.x) + 12].astype(int) for b in boxes)
    assert above[0] > above[2] + 60  # redder than blue, as ABOVE is
    assert ABOVE[0] > ABOVE[2]
    assert below[2] > below[0] + 60  # bluer than red, as BELOW is
    assert BELOW[2] > BELOW[0]
    assert zero.min() > 240


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_letters_are_dark_on_light_and_light_on_dark_at_any_scale(scale: float) -> None:
    scene = scene_of(still(np.array([[1.0, 0.05, -1.0]]) * scale))
    texts = [m for m in scene.marks if isinstance(m, Text) and m.cell]
    assert [t.fill for t in texts] == ["#ffffff", "#1d1c1a", "#ffffff"]


def test_letters_are_read_from_afar() -> None:
    scene = scene_of(still(said="A sentence."))
    assert min(m.size for m in scene.marks if isinstance(m, Text)) >= 22


def test_a_box_stands_where_its_rows_and_columns_are() -> None:
    scene = scene_of(still())
    marks = [m for m in scene.marks if isinstance(m, Box)]
    first, box = marks[0], marks[-1]
    assert box.thick == 5
    assert (box.x - first.x, box.y - first.y) == pytest.approx((first.width, 0))
    assert (box.width, box.height) == pytest.approx((2 * first.width, 2 * first.height))


def test_nothing_stands_outside_the_sheet_and_texts_do_not_reach_over_its_edge() -> None:
    net = Net(
        "net", (Node((0, 0), ("a", "1")), Node((1, 0), ("b", "2"))), (Link(0, 1, "up", "down"),)
    )
    chart = Chart("c", (Curve("one", np.arange(3.0), np.arange(3.0)),), (0, 2), (0, 2), ("x", "y"))
    scene = scene_of(still()._replace(rows=((net, chart), (Words(("even letters",)),))))
    for mark in scene.marks:
        if isinstance(mark, Box):
            assert mark.x >= 0
            assert mark.x + mark.width <= scene.width
            assert mark.y + mark.height <= scene.height
        if isinstance(mark, Path):
            assert all(0 <= x <= scene.width and 0 <= y <= scene.height for x, y in mark.points)
        if isinstance(mark, Text) and mark.anchor == "start":
            assert mark.x + 0.5 * mark.size * len(mark.text) <= scene.width


def test_a_large_grid_is_one_picture_without_numbers() -> None:
    values = np.random.default_rng(0).normal(size=(50, 40))
    scene = scene_of(still(values))
    (picture,) = [m for m in scene.marks if isinstance(m, Picture)]
    assert picture.pixels.shape == (50, 40, 3)
    assert picture.height / picture.width == pytest.approx(50 / 40)
    assert not [m for m in scene.marks if isinstance(m, Text) and m.cell]


def test_a_picture_in_the_svg_has_the_pixels_it_was_given() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 3)).astype(np.uint8)
    sheet = svg_of(scene_of(Still("t", ((Grid("photo", np.zeros((20, 30)), pixels=pixels),),))))
    (image,) = ET.fromstring(sheet).iter("{http://www.w3.org/2000/svg}image")
    import base64

    held = base64.b64decode(image.attrib["href"].split(",", 1)[1])
    np.testing.assert_array_equal(decode(held), pixels)


def test_a_curve_is_where_its_numbers_are_and_breaks_where_they_are_none() -> None:
    x, y = np.array([0.0, 1, 2, 3, 4]), np.array([0.0, 1, np.nan, 1, 0])
    chart = Chart("", (Curve("", x, y, ends_in_dot=True),), (0, 4), (0, 1), size=(100, 400))
    paths = [m for m in scene_of(Still("t", ((chart,),))).marks if isinstance(m, Path)]
    curves = [m for m in paths if m.thick > 4]
    assert [len(m.points) for m in curves] == [2, 2]
    (x0, y0), (x1, y1) = curves[0].points
    assert (x1 - x0, y1 - y0) == pytest.approx((100, -100))


def test_markup_in_a_text_stays_text() -> None:
    assert "A <b> & title" in words(Still("A <b> & title", ((Words(("x < y",)),),)))


def test_a_png_has_the_size_of_the_sheet() -> None:
    scene = scene_of(still())
    assert decode(png_of(scene)).shape == (scene.height, scene.width, 3)


def test_a_gif_has_a_frame_for_each_sheet_and_they_stay_as_long_as_was_asked() -> None:
    scenes = [scene_of(still(VALUES * k, f"step {k}")) for k in (1, 2, 3)]
    data = gif_of(scenes, 300)
    assert frames_in(data) == 3
    with Image.open(io.BytesIO(data)) as image:
        assert image.info["duration"] == 300
        image.seek(2)
        assert image.info["duration"] == 900  # the last one is looked at longest
        image.seek(0)
        assert image.info["loop"] == 0
        assert image.size == (scenes[0].width, scenes[0].height)


@pytest.mark.parametrize("seed", range(4))
def test_frames_drawn_together_are_those_drawn_one_by_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    marks = [some_mark(rng) for _ in range(40)]
    scenes = []
    for _ in range(4):
        moved = [some_mark(rng) if i % 9 == 0 else mark for i, mark in enumerate(marks)]
        scenes.append(Scene(200, 150, tuple(moved), ""))
    together = list(pixels_of_all(scenes))
    assert len({frame.tobytes() for frame in together}) == 4
    for frame, scene in zip(together, scenes, strict=True):
        np.testing.assert_array_equal(frame, pixels_of(scene))


def some_mark(rng: np.random.Generator) -> Mark:
    """One of any kind, anywhere, so that some lie over others."""
    x, y, width, height = (float(v) for v in rng.uniform(5, 70, 4))
    colour = f"#{int(rng.integers(1 << 24)):06x}"
    picture = Picture(x, y, width, height, rng.integers(0, 256, (3, 4, 3), np.uint8))
    kinds: list[Mark] = [
        Box(x, y, width, height, colour, "#204060", 2, radius=float(rng.integers(2)) * 5),
        Disc(x, y, height / 5, colour),
        Path(((x, y), (x + width, y), (y, x)), colour, 3),
        Text(x, y, "a word", 14),
        picture,
    ]
    return kinds[int(rng.integers(len(kinds)))]


def test_frames_of_different_sizes_are_filled_up_with_white() -> None:
    data = gif_of([Scene(40, 30, (), ""), Scene(50, 20, (Box(0, 0, 50, 20, "#000000"),), "")], 100)
    with Image.open(io.BytesIO(data)) as image:
        assert image.size == (50, 30)
        image.seek(1)
        assert image.convert("RGB").getpixel((25, 25))[0] > 245  # type: ignore[index]


def test_a_long_title_is_wrapped() -> None:
    assert len(wrapped("one two three four five six seven", 34, 300)) > 1


def test_in_the_svg_rows_go_down_columns_to_the_right_and_each_number_stands_in_its_cell() -> None:
    values = np.arange(6.0).reshape(2, 3)
    ns = "{http://www.w3.org/2000/svg}"
    root = ET.fromstring(svg_of(scene_of(Still("t", ((Grid("g", values),),)))))
    rects = [r for r in root.iter(f"{ns}rect") if r.attrib.get("stroke-width") == "1.5"]
    texts = [t for t in root.iter(f"{ns}text") if "data-cell" in t.attrib]
    assert len(rects) == len(texts) == 6
    x0, y0, wide, high = (float(rects[0].attrib[key]) for key in ("x", "y", "width", "height"))
    for rect, text in zip(rects, texts, strict=True):
        _, row, column = text.attrib["data-cell"].split()
        place = float(rect.attrib["x"]), float(rect.attrib["y"])
        assert place == pytest.approx((x0 + int(column) * wide, y0 + int(row) * high), abs=0.2)
        assert float(text.attrib["x"]) == pytest.approx(place[0] + wide / 2, abs=0.2)
        size = float(text.attrib["font-size"])
        assert float(text.attrib["y"]) == pytest.approx(place[1] + high / 2 + size * 0.35, abs=0.2)
        assert text.text == f"{values[int(row), int(column)]:g}"


def test_in_the_pixels_rows_go_down_and_columns_to_the_right() -> None:
    values = np.zeros((2, 3))
    values[0, 2], values[1, 0] = 5, -5
    scene = scene_of(Still("t", ((Grid("g", values),),)))
    first = next(m for m in scene.marks if isinstance(m, Box))
    pixels = pixels_of(scene).astype(int)

    def at(row: int, column: int) -> np.ndarray:
        return pixels[int(first.y + row * 64) + 8, int(first.x + column * 64) + 8]

    assert at(0, 2)[0] > at(0, 2)[2] + 60
    assert at(1, 0)[2] > at(1, 0)[0] + 60
    assert at(0, 0).min() > 240
