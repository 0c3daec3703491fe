"""`striate verify` as a user types it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.verbs import made


def test_people_get_a_line_for_each_thing_that_was_looked_at(striate: Callable) -> None:
    done = striate("verify", str(made.photos().path))
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert len(lines) == 3
    assert all(line.startswith("ok  ") for line in lines)


def test_a_changed_file_ends_with_a_code(striate: Callable, tmp_path: Path) -> None:
    run = made.copy(made.photos().path, tmp_path / "run")
    (run / "bundle" / "plan.txt").write_text("3x8x8: fc2")
    done = striate("verify", str(run), "--json")
    assert done.code != 0
    assert "plan.txt has" in json.loads(done.out)["error"]["text"]


def test_another_run_ends_with_five(striate: Callable) -> None:
    done = striate("verify", str(made.photos().path), "--against", str(made.digits().path))
    assert done.code == 5
