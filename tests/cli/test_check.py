"""`striate check`, as people and as programs read it."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from striate.pictures.files import to_jpeg
from tests.pictures.photographs import folder, photograph


@pytest.fixture
def good(tmp_path: Path, rng: np.random.Generator) -> Path:
    """A folder in which nothing is wrong."""
    folder(
        tmp_path / "data",
        {f"{c}/{i}.jpg": photograph(rng) for c in ("ant", "bee") for i in range(12)},
    )
    return tmp_path / "data"


@pytest.fixture
def bad(good: Path, rng: np.random.Generator) -> Path:
    """The same with an empty file, a copy, a near-copy and a picture under two labels."""
    one = photograph(rng)
    files = {
        "ant/empty.jpg": b"",
        "ant/c.png": one,
        "bee/c.png": one,
        "bee/m.jpg": to_jpeg(one[:, ::-1]),
    }
    folder(good, files)
    return good


def digest(root: Path) -> dict[str, str]:
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest() + str(path.stat().st_mtime_ns)
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def test_good_pictures_end_with_code_0(striate: Callable, good: Path) -> None:
    done = striate("check", str(good))
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0].split() == ["class", "pictures"]
    assert [line.split() for line in lines[1:4]] == [["ant", "12"], ["bee", "12"], ["all", "24"]]
    assert lines[-1] == "nothing here makes training wrong"


def test_bad_pictures_end_with_code_3_and_are_named(striate: Callable, bad: Path) -> None:
    done = striate("check", str(bad))
    assert done.code == 3
    assert "error[unreadable]: 1 of 28 pictures (3.6 %) cannot be read: ant/empty.jpg" in done.out
    assert (
        "error[label-conflict]: 1 picture under two labels: ant/c.png (ant) = bee/c.png (bee)"
        in done.out
    )
    assert "ant/empty.jpg  it is empty (0 bytes)" in done.out
    assert done.out.endswith("training on this would be wrong: 2 errors\n")


def test_json_holds_what_was_promised(striate: Callable, bad: Path) -> None:
    done = striate("check", str(bad), "--json")
    found = json.loads(done.out)
    assert (done.code, done.err) == (3, "")
    assert list(found) == [
        "schema_version", "data", "pictures", "classes", "splits", "unreadable", "exact_copies",
        "near_copies", "label_conflicts", "findings",
    ]  # fmt: skip
    assert found["pictures"] == 28
    assert found["classes"] == {"ant": 14, "bee": 14}
    assert found["unreadable"] == [{"path": "ant/empty.jpg", "reason": "it is empty (0 bytes)"}]
    assert found["exact_copies"] == [["ant/c.png", "bee/c.png"]]
    (near,) = found["near_copies"]
    assert (near["paths"], near["splits"]) == (["ant/c.png", "bee/m.jpg"], ["", ""])
    assert 0 <= near["distance"] < 0.055
    assert found["label_conflicts"][0] == {
        "paths": ["ant/c.png", "bee/c.png"], "labels": ["ant", "bee"], "exact": True,
    }  # fmt: skip
    assert all({"code", "severity", "text"} <= set(one) for one in found["findings"])


def test_skipping_goes_on_and_says_so(striate: Callable, good: Path) -> None:
    (good / "ant" / "empty.jpg").write_bytes(b"")
    assert striate("check", str(good)).code == 3
    done = striate("check", str(good), "--skip-bad")
    assert done.code == 0
    assert (
        "warning[unreadable]: 1 of 25 pictures (4.0 %) cannot be read and is left out; 24 remain"
        in done.out
    )


def test_the_data_are_as_before_even_where_they_cannot_be_written(
    striate: Callable, bad: Path, tmp_path: Path
) -> None:
    before = digest(bad)
    folders = [bad, *(path for path in bad.rglob("*") if path.is_dir())]
    for path in folders:
        path.chmod(0o555)
    try:
        outputs = ("--html", str(tmp_path / "r.html"), "--fixes-out", str(tmp_path / "f.csv"))
        done = striate("check", str(bad), *outputs)
    finally:
        for path in folders:
            path.chmod(0o755)
    assert done.code == 3
    assert digest(bad) == before
    assert (tmp_path / "r.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert (tmp_path / "f.csv").read_text(encoding="utf-8").startswith("path,action,label,reason\n")
    assert f"report written to {tmp_path / 'r.html'}" in done.err


def test_data_on_a_read_only_mount_are_checked(bad: Path, tmp_path: Path) -> None:
    """A real one, in a mount namespace of its own; that takes root, or a system that lends it."""
    before = digest(bad)
    mount = f"mount --bind {bad} {bad} && mount -o remount,ro,bind {bad}"
    probe = f"{mount} && ! touch {bad}/written 2>/dev/null"
    namespace = ["unshare", "--mount", "--map-root-user", "sh", "-c"]
    if not shutil.which("unshare") or subprocess.run([*namespace, probe], check=False).returncode:
        pytest.skip("this system makes no mount namespace for the test")
    verb = f"{sys.executable} -m striate check {bad} --html {tmp_path}/r.html --json"
    done = subprocess.run(
        [*namespace, f"{mount} && exec {verb}"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 3, done.stderr
    assert json.loads(done.stdout)["unreadable"]
    assert digest(bad) == before


@pytest.mark.parametrize("flag", ["--html", "--fixes-out"])
def test_a_report_inside_the_data_is_refused_before_anything_is_read(
    striate: Callable, good: Path, flag: str
) -> None:
    done = striate("check", str(good), flag, str(good / "ant" / "x"))
    assert done.code == 2
    assert "lies inside the data, and nothing is ever written there" in done.err
    assert not (good / "ant" / "x").exists()


def test_augment_and_its_output_belong_together(
    striate: Callable, good: Path, tmp_path: Path
) -> None:
    done = striate("check", str(good), "--augment", "light")
    assert done.code == 2
    assert "belong together" in done.err
    sheet = tmp_path / "sheet.png"
    assert striate("check", str(good), "--augment", "light", "-o", str(sheet)).code == 0
    assert sheet.read_bytes().startswith(b"\x89PNG")


def test_data_that_are_not_there_are_refused_in_words(striate: Callable, tmp_path: Path) -> None:
    done = striate("check", str(tmp_path / "nowhere"))
    assert done.code == 3
    assert "error[D0" in done.err
