"""`striate see` as a user types it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.verbs.made import digits, photographs, photos


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_page_is_written_and_its_place_told(striate: Callable, tmp_path: Path) -> None:
    picture = str(photographs() / "dog" / "003.jpg")
    done = striate(
        "see",
        str(photos().path),
        "why",
        picture,
        "--method",
        "cam",
        "--npz",
        "w.npz",
        "--checks",
        "0",
    )
    assert (done.code, done.out) == (0, "written: see-why.html\nwritten: w.npz\n"), done.err
    text = (tmp_path / "see-why.html").read_text(encoding="utf-8")
    assert "dog/003.jpg" in text
    assert (tmp_path / "w.npz").exists()


def test_json_holds_the_numbers(striate: Callable) -> None:
    done = striate("see", str(digits().path), "filters", "-o", "f.png", "--json")
    found = json.loads(done.out)
    assert found["written"] == "f.png"
    assert found["shape"] == [4, 1, 3, 3]


def test_a_preview_writes_over_no_file_that_was_there(striate: Callable, tmp_path: Path) -> None:
    picture = str(photographs() / "dog" / "003.jpg")
    for name in ("a.preview.png", "a.preview-2.png"):
        (tmp_path / name).write_text("mine", encoding="utf-8")
    typed = ("see", str(photos().path), "dream", picture, "--steps", "8", "-o", "a.png")
    done = striate(*typed)
    assert done.code == 0, done.err
    assert "a.preview-3.png" in done.err
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "a.png", "a.preview-2.png", "a.preview.png",
    ]  # fmt: skip
    for name in ("a.preview.png", "a.preview-2.png"):
        assert (tmp_path / name).read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("args", "code", "text"),
    [
        (("why", "nowhere.jpg"), 3, "nowhere.jpg is not there"),
        (("why",), 3, "no pictures are named"),
        (("why", "x.jpg", "--method", "magic"), 2, "no method 'magic'"),
        (("maps", "--at", "3"), 2, "no place"),
        (("filters", "-o", "f.txt"), 2, "neither in .html nor in .png"),
        (("filters", "--layer", "cnv1"), 4, "no layer 'cnv1'"),
        (("filters", "x.jpg"), 2, "filters does not use pictures"),
        (("filters", "--method", "cam"), 2, "filters does not use --method"),
        (("templates", "--layer", "conv1"), 2, "templates does not use --layer"),
        (("style", "a.jpg", "b.jpg", "--unit", "3"), 2, "style does not use --unit"),
        (("filters", "--unit", "4"), 4, "there is no filter 4"),
        (("shift", "--layer", "gap1"), 4, "gap1 has no rows and columns"),
        (("shift", "--layer", "cnv1"), 4, "no layer 'cnv1'"),
        (("slide",), 2, "slide goes over one picture"),
        (("slide", "nowhere.jpg"), 3, "nowhere.jpg is no file"),
        (("slide", "x.jpg", "--class", "eleven"), 2, "there is no class 'eleven'"),
        (("slide", "x.jpg", "--layer", "conv1"), 2, "slide does not use --layer"),
        (("templates",), 4, "no fully connected layer is the first"),
        (("filters", "-o", "none/f.png"), 3, "none/f.png cannot be written"),
        (("units", "--in", "."), 2, "see-units.html lies inside the data"),
    ],
)
def test_faults_say_what_and_end_with_their_code(
    striate: Callable, args: tuple[str, ...], code: int, text: str
) -> None:
    done = striate("see", str(digits().path), *args)
    assert done.code == code, done.err
    assert text in done.err


def test_every_flag_arrives_where_it_is_used(
    striate: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    from striate.cli import see as verb
    from striate.seeing.figures.figure import Figure
    from striate.verbs import (
        see_crowd,
        see_inside,
        see_made,
        see_plane,
        see_same,
        see_slide,
        see_tuning,
        see_why,
    )

    typed = {
        "images": ["x.png"], "method": ["--method", "cam"], "label": ["--class", "dog"],
        "layer": ["--layer", "conv1"], "unit": ["--unit", "2"], "at": ["--at", "3,4"],
        "data": ["--in", "there"],
        "most": ["--most", "7"], "beside": ["--beside", "other"], "how": ["--how", "tsne"],
        "scale": ["--scale", "2"], "crops": ["--crops"], "steps": ["--steps", "5"],
        "checks": ["--checks", "9"], "seed": ["--seed", "11"],
    }  # fmt: skip
    told = {
        "images": ("x.png",), "method": "cam", "label": "dog", "layer": "conv1", "unit": 2, "at": (3, 4),
        "data": "there", "most": 7, "beside": "other", "how": "tsne", "scale": 2.0, "crops": True,
        "steps": 5, "checks": 9, "seed": 11,
    }  # fmt: skip
    met: dict[str, object] = {}

    def follows(run, *args):
        yield from ()
        return keeps(run, *args)

    def keeps(run, *args):
        met.clear()
        for arg in args:
            met.update(arg._asdict() if hasattr(arg, "_asdict") else {"images": arg})
        return Figure("T", "L", ())

    for what, uses in verb.WHAT.items():
        homes = (
            see_why, see_made, see_crowd, see_slide, see_inside, see_tuning, see_plane, see_same,
        )  # fmt: skip
        home = next(m for m in homes if what in vars(m))
        monkeypatch.setattr(home, what, keeps if home in (see_inside, see_tuning) else follows)
        done = striate("see", "RUN", what, *(word for name in sorted(uses) for word in typed[name]))
        assert done.code == 0, done.err
        names = {"method": "methods"}
        assert {n: met[names.get(n, n)] for n in uses} == {n: told[n] for n in uses}, what
