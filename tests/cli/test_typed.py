"""A command line run in this process."""

from __future__ import annotations

import re
import sys

import pytest

from striate.cli.typed import drawn, run, typed
from striate.errors import UsageError


def test_a_command_gives_what_it_printed_and_nothing_is_printed(capfd) -> None:
    done = run("striate show steps --size 7 --kernel 3 --stride 3")
    assert done.code == 0
    assert "2.33" in done.out
    assert capfd.readouterr() == ("", "")


def test_a_command_that_fails_gives_its_code_and_its_words() -> None:
    done = run("striate plan 3x32x32:conv99")
    assert done.code == 4
    assert "error[S001]" in done.err
    assert "error[S001]" in repr(done)


def test_a_verb_that_writes_bytes_is_caught_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def one(words: list[str]) -> int:
        sys.stdout.write(f"{words[0]} – ")
        sys.stdout.buffer.write("bytes ·\n".encode())
        sys.stdout.buffer.flush()
        return 0

    monkeypatch.setattr("striate.cli.typed.main", one)
    assert run("striate predict").out == "predict – bytes ·\n"


def test_a_demonstration_comes_with_its_picture(capfd) -> None:
    done = typed("striate show pool")
    assert done is not None
    assert capfd.readouterr().out.startswith("$ striate show pool\n")
    bundle = done._repr_mimebundle_()
    assert bundle["text/plain"] == "drawing of striate show pool"
    assert bundle["image/svg+xml"].startswith("<svg")


def test_a_heavy_picture_in_a_drawing_is_lighter_and_as_wide_as_before() -> None:
    done = drawn("striate show hog")
    assert len(done.svg) < 120_000
    pictures = re.findall(
        r'<image [^>]*width="(\d+)" height="(\d+)"[^>]*href="data:image/(\w+)', done.svg
    )
    assert pictures == [("640", "480", "jpeg"), ("640", "480", "jpeg")]
    assert "data:image/png" in drawn("striate show words").svg  # small ones stay exact


def test_other_commands_come_without_a_picture() -> None:
    assert typed("striate plan lenet5") is None
    assert set(drawn("striate plan lenet5")._repr_mimebundle_()) == {"text/plain"}
    assert drawn("striate show pool", picture=False).svg == ""


@pytest.mark.parametrize(
    ("command", "words"),
    [("ls", "does not begin with `striate`"), ('striate plan "a', "cannot be read")],
)
def test_what_is_no_command_of_ours_is_refused(command: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        run(command)


def test_a_drawing_is_no_wider_than_a_column_and_keeps_its_shape() -> None:
    from striate.cli.typed import drawn

    svg = drawn('striate show conv --image "1 2 3/4 5 6/7 8 9" --kernel "1 0/0 1"').svg
    box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)" width="(\d+)" height="(\d+)"', svg)
    assert box is not None
    W, H, width, height = (float(one) for one in box.groups())
    assert width <= min(760, 0.65 * W + 1)
    assert abs(width / height - W / H) < 0.01
