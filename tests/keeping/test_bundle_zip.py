"""A bundle as one file: the same bytes each time, and nothing hostile comes out of one."""

from __future__ import annotations

import io
import json
import shutil
import warnings
import zipfile
from pathlib import Path

import pytest

from striate.errors import BundleRefused, FileFault
from striate.keeping import bundle, bundle_zip

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "bundle-1"


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    target = tmp_path / "one.striate"
    bundle_zip.write(GOLDEN, target)
    return target


def test_a_bundle_comes_out_as_it_went_in(packed: Path) -> None:
    found, wanted = bundle_zip.read(packed), bundle.read(GOLDEN)
    assert (found.card, found.plan_text) == (wanted.card, wanted.plan_text)
    mine, theirs = found.tensors(), wanted.tensors()
    assert mine.keys() == theirs.keys()
    assert all((mine[name] == theirs[name]).all() for name in mine)


def test_the_same_bundle_gives_the_same_bytes(packed: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(GOLDEN, copy)
    for file in copy.iterdir():
        file.touch()
    bundle_zip.write(copy, tmp_path / "two.striate")
    assert (tmp_path / "two.striate").read_bytes() == packed.read_bytes()
    with zipfile.ZipFile(packed) as made:
        assert all(one.compress_type == zipfile.ZIP_STORED for one in made.infolist())
        assert {one.date_time for one in made.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_damaged_bundle_is_not_packed(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(GOLDEN, copy)
    (copy / "plan.txt").write_text("3x8x8: conv3-4 gap fc2")
    with pytest.raises(BundleRefused):
        bundle_zip.write(copy, tmp_path / "two.striate")
    assert not (tmp_path / "two.striate").exists()


def zipped(*parts: tuple[str, bytes], how: int = zipfile.ZIP_STORED) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", how) as made, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, data in parts:
            made.writestr(name, data)
    return held.getvalue()


def whole() -> list[tuple[str, bytes]]:
    return [(file.name, file.read_bytes()) for file in sorted(GOLDEN.iterdir())]


HOSTILE = {
    "a path upwards": lambda: zipped(*whole(), ("../evil", b"x")),
    "an absolute path": lambda: zipped(*whole(), ("/tmp/evil", b"x")),
    "a folder": lambda: zipped(*whole(), ("inner/evil", b"x")),
    "a hidden file": lambda: zipped(*whole(), (".evil", b"x")),
    "a file that the manifest does not name": lambda: zipped(*whole(), ("evil", b"x")),
    "a name twice": lambda: zipped(*whole(), whole()[0]),
    "a name in other capitals": lambda: zipped(*whole(), ("CARD.json", b"{}")),
    "compression": lambda: zipped(*whole(), how=zipfile.ZIP_DEFLATED),
    "a bomb": lambda: zipped(("card.json", b"\0" * (50 << 20)), how=zipfile.ZIP_DEFLATED),
    "many files": lambda: zipped(*[(f"f{i}", b"") for i in range(5000)]),
    "no manifest": lambda: zipped(*[one for one in whole() if one[0] != "manifest.json"]),
    "nothing": zipped,
    "no zip": lambda: b"\x80\x04\x95cposix\nsystem\n",
    "an empty file": lambda: b"",
    "half a zip": lambda: zipped(*whole())[:-200],
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_is_refused_and_writes_nothing(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = tmp_path / "room"
    room.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(room))
    given = tmp_path / "given.striate"
    given.write_bytes(HOSTILE[kind]())
    with pytest.raises(BundleRefused) as found:
        bundle_zip.read(given)
    assert str(given) in found.value.text
    assert not list(room.iterdir())
    assert sorted(one.name for one in tmp_path.iterdir()) == ["given.striate", "room"]
    assert not Path("/tmp/evil").exists()


def test_a_flipped_bit_is_found(packed: Path) -> None:
    data = bytearray(packed.read_bytes())
    for at in range(40, len(data) - 40, max(1, len(data) // 60)):
        changed = bytearray(data)
        changed[at] ^= 4
        packed.write_bytes(changed)
        try:
            found = bundle_zip.read(packed)
        except (BundleRefused, FileFault):
            continue
        # A bit that means nothing (a date, a flag of who made it): all that is used is unchanged.
        assert found.card == bundle.read(GOLDEN).card


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileFault, match="cannot be read"):
        bundle_zip.read(tmp_path / "nowhere.striate")


def test_a_file_of_today_loads_for_ever_with_the_same_answers() -> None:
    from striate.shipping.agree import made_pictures
    from striate.shipping.classifier import load

    place = GOLDEN.with_name("bundle-1-onnx.striate")
    wanted = json.loads(GOLDEN.with_name("bundle-1-onnx.json").read_text())
    pictures = list(made_pictures((8, 8, 3), 6))
    for runtime in ("onnx", "torch"):
        found = load(place, runtime=runtime).probabilities(pictures)
        assert abs(found - wanted).max() < 1e-5, runtime
