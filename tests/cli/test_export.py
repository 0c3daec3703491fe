"""`striate export` as a user types it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from tests.verbs import made


def test_people_get_the_file_its_proof_and_what_comes_next(
    striate: Callable, tmp_path: Path
) -> None:
    out = tmp_path / "pets.onnx"
    done = striate("export", str(made.photos().path), "-o", str(out))
    assert done.code == 0, done.err
    first, second, third = done.out.splitlines()
    assert first.startswith(f"{out}: ")
    assert "sha256" in first
    assert second.startswith("agrees with the network: largest difference of a probability ")
    assert second.endswith("(pictures of the run)")
    assert third == f"next: striate predict {out} PICTURE"


def test_eight_bits_are_told_beside_fp32_with_intervals(striate: Callable, tmp_path: Path) -> None:
    out = tmp_path / "small.onnx"
    done = striate("export", str(made.digits().path), "--int8", "--max-drop", "1", "-o", str(out))
    assert done.code == 0, done.err
    share = r"\d+\.\d\d% \(\d+\.\d\d% to \d+\.\d\d%\)"
    points = r"[+-]\d+\.\d\d points on the same 270 pictures"
    told = f"eight bits: {share} of val right, in fp32 {share}: {points}"
    assert re.search(told, done.out), done.out


def test_json_holds_the_proof(striate: Callable, tmp_path: Path) -> None:
    out = tmp_path / "pets.striate"
    done = striate(
        "export", str(made.photos().path), "--to", "bundle", "-o", str(out), "--json"
    )  # fmt: skip
    found = json.loads(done.out)
    assert found["agreement"]["agrees"]
    assert found["size_bytes"] == out.stat().st_size
    assert done.err == ""


def test_a_run_that_is_not_there_and_a_wrong_end_are_faults(
    striate: Callable, tmp_path: Path
) -> None:
    assert striate("export", str(tmp_path / "nowhere")).code == 3
    done = striate("export", str(made.photos().path), "-o", str(tmp_path / "pets.pt"))
    assert done.code == 3
    assert f"-o {tmp_path / 'pets.onnx'}" in done.err
    assert striate("export", str(made.photos().path), "--to", "torchscript").code == 2
