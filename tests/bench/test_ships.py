"""What is measured of what is shipped: it runs, and says where it cannot."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bench import ships
from tests.verbs import made


def test_a_body_that_is_too_large_is_refused_and_timed(tmp_path: Path) -> None:
    shutil.copyfile(
        made.photos().path / "bundle" / "model.onnx", tmp_path / f"{ships.SMALL[0]}-fp32.onnx"
    )
    found = ships.refused(tmp_path)
    assert found.value is not None
    assert found.value > 0
    assert found.unit == "ms"


def test_without_the_shared_data_a_row_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STRIATE_DATA", raising=False)
    for one in (ships.lost(ships.SMALL[0], tmp_path, 10), ships.lost_by_mobilenet(tmp_path)):
        assert one.value is None
        assert one.note.startswith("not run: STRIATE_DATA names no ")
        assert not one.missed
    assert ships.refused(tmp_path).note == "not run: there is no network to serve"


@pytest.mark.slow
def test_points_lost_in_eight_bits_are_those_of_the_two_files(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRIATE_DATA", str(data))
    found = ships.lost(ships.SMALL[0], tmp_path, 500)
    pixels, labels = ships.thumbnails("test", 500)
    assert pixels.shape == (500, 32, 32, 3)
    assert sorted(set(labels.tolist())) == list(range(10))
    assert found.value is not None
    assert abs(found.value) < 3
    assert {path.name for path in tmp_path.iterdir()} == {
        "resnet20-cifar-fp32.onnx", "resnet20-cifar-int8.onnx",
    }  # fmt: skip
