"""Each finding has a picture that causes it, and a set without it that does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from striate.pictures.audit.audit import Audit, audit
from striate.pictures.dataset import Dataset, Finding
from striate.pictures.files import Pixels, resized, to_jpeg, to_png
from tests.pictures.photographs import folder, photograph


def audited(dataset: Dataset, skip_bad: bool = False) -> Audit:
    steps = audit(dataset, skip_bad=skip_bad)
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value


def codes(found: Audit) -> dict[str, Finding]:
    return {one.code: one for one in found.findings}


@pytest.fixture
def good(rng: np.random.Generator) -> dict[str, Pixels | bytes]:
    """Two classes of twelve good pictures each."""
    return {
        f"{name}/{i}.jpg": photograph(rng, 90, 120) for name in ("ant", "bee") for i in range(12)
    }


def test_good_pictures_give_no_finding(tmp_path: Path, good: dict) -> None:
    found = audited(folder(tmp_path, good))
    assert found.findings == ()
    assert not found.is_wrong


def test_unreadable_files_are_an_error_unless_they_are_skipped(tmp_path: Path, good: dict) -> None:
    data = folder(tmp_path, good | {"ant/x.jpg": b"", "bee/y.jpg": b"rubbish"})
    found = audited(data)
    assert found.is_wrong
    assert found.unreadable == [
        ("ant/x.jpg", "it is empty (0 bytes)"),
        ("bee/y.jpg", "it is no picture of a known format"),
    ]
    one = codes(found)["unreadable"]
    assert one.text == "2 of 26 pictures (7.7 %) cannot be read: ant/x.jpg, bee/y.jpg"
    skipped = audited(data, skip_bad=True)
    assert not skipped.is_wrong
    assert "and are left out" in codes(skipped)["unreadable"].text


def test_a_class_of_which_nothing_can_be_read_is_an_error(tmp_path: Path, good: dict) -> None:
    found = audited(folder(tmp_path, good | {"cat/1.jpg": b"x"}), skip_bad=True)
    assert codes(found)["empty-classes"].text == "1 class without a readable picture: cat"
    assert found.is_wrong


@pytest.mark.parametrize(("code", "name", "make", "words"), [
    ("wrong-extension", "ant/x.jpg", to_png, "1 of 25 pictures (4.0 %) has the ending"),
    ("odd-format", "ant/x.png", to_png, "in the format PNG among JPEG"),
    ("uniform", "ant/x.jpg", lambda p: np.full_like(p, 90), "shows one colour"),
    ("dark", "ant/x.jpg", lambda p: p // 25, "is very dark"),
    ("bright", "ant/x.jpg", lambda p: 255 - p // 25, "is very bright"),
    ("tiny", "ant/x.jpg", lambda p: p[:9, :9], "side under 16"),
    ("odd-sizes", "ant/x.jpg", lambda p: p.repeat(5, 0).repeat(5, 1), "over 8 times larger"),
    ("odd-aspect", "ant/x.jpg", lambda p: p[:30], "wider or higher than the usual width : height of 1.33"),
    ("blurred", "ant/x.jpg", lambda p: resized(resized(p, 4, 5), 90, 120), "hardly an edge"),
    ("grey-among-colour", "ant/x.jpg", lambda p: p[:, :, :1], "is grey among pictures in colour"),
])  # fmt: skip
def test_one_odd_picture_is_named(
    code: str,
    name: str,
    make: Callable,
    words: str,
    tmp_path: Path,
    good: dict,
    rng: np.random.Generator,
) -> None:
    found = codes(audited(folder(tmp_path, good | {name: make(photograph(rng, 90, 120))})))
    assert found[code].paths == (name,)
    assert words in found[code].text
    assert found[code].severity in ("warning", "note")


def test_colour_among_grey_is_named_the_other_way_round(tmp_path: Path, good: dict) -> None:
    grey = {name: pixels[:, :, :1] for name, pixels in good.items()}
    grey["ant/0.jpg"] = good["ant/0.jpg"]
    assert codes(audited(folder(tmp_path, grey)))["colour-among-grey"].paths == ("ant/0.jpg",)


def test_exif_and_animation_are_told(tmp_path: Path, good: dict, rng: np.random.Generator) -> None:
    import io

    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = 6
    turned, moving = io.BytesIO(), io.BytesIO()
    Image.fromarray(photograph(rng, 90, 120)).save(turned, "JPEG", exif=exif.tobytes())
    frames = [Image.fromarray(photograph(rng, 90, 120)) for _ in range(2)]
    frames[0].save(moving, "GIF", save_all=True, append_images=frames[1:])
    more = {"ant/t.jpg": turned.getvalue(), "bee/m.gif": moving.getvalue()}
    found = codes(audited(folder(tmp_path, good | more)))
    assert found["exif-rotated"].paths == ("ant/t.jpg",)
    assert found["animated"].paths == ("bee/m.gif",)


def test_uneven_and_small_classes_are_told(
    tmp_path: Path, good: dict, rng: np.random.Generator
) -> None:
    few = {f"cat/{i}.jpg": photograph(rng, 90, 120) for i in range(2)}
    found = codes(audited(folder(tmp_path, good | few)))
    assert "cat (2)" in found["few-pictures"].text
    assert "ant has 12 pictures, cat 2 (6.0 times as many)" in found["uneven-classes"].text
    assert found["uneven-classes"].severity == "note"


def test_another_size_in_val_is_told(tmp_path: Path, rng: np.random.Generator) -> None:
    files = {f"train/a/{i}.jpg": photograph(rng, 80, 80) for i in range(12)}
    files |= {f"val/a/{i}.jpg": photograph(rng, 160, 160) for i in range(12)}
    found = codes(audited(folder(tmp_path, files, {"train": 0, "val": 1})))
    assert "pictures of val are of another size" in found["size-drift"].text
    assert "160 against 80" in found["size-drift"].text


def test_names_with_braces_are_no_templates(tmp_path: Path, good: dict) -> None:
    found = codes(audited(folder(tmp_path, good | {"ant/{are}{n}.jpg": b""})))
    assert found["unreadable"].text.endswith("ant/{are}{n}.jpg")


def test_the_stray_gif_of_hymenoptera_is_named(data: Path) -> None:
    from striate.pictures.opening import open_as_given

    if not (data / "hymenoptera").is_dir():
        pytest.skip("needs shared data: hymenoptera is not there")
    found = codes(audited(open_as_given(data / "hymenoptera")))
    assert found["odd-format"].paths == ("train/ants/imageNotFound.gif",)
    assert "often a placeholder" in found["odd-format"].text


def test_a_jpeg_is_not_misnamed_by_any_of_its_endings(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    endings = ("jpg", "JPG", "jpeg", "JPE", "jfif", "dat", "")
    files = {f"a/{i}.{end}": to_jpeg(photograph(rng, 90, 120)) for i, end in enumerate(endings)}
    assert "wrong-extension" not in codes(audited(folder(tmp_path, files)))
