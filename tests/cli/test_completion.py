"""`striate completion`."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable

import pytest


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_is_printed_and_nothing_else(striate: Callable, shell: str) -> None:
    done = striate("completion", shell)
    assert (done.code, done.err) == (0, "")
    assert "_STRIATE_COMPLETE" in done.out
    assert json.loads(striate("completion", shell, "--json").out)["script"] == done.out[:-1]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_itself_can_read_the_script(striate: Callable, shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    script = striate("completion", shell).out
    assert subprocess.run([shell, "-n"], input=script.encode(), capture_output=True).stderr == b""


def test_names_of_networks_are_completed() -> None:
    from click.shell_completion import ShellComplete

    from striate.cli.main import group

    complete = ShellComplete(group, {}, "striate", "_STRIATE_COMPLETE")
    found = [item.value for item in complete.get_completions(["plan"], "mobilenet")]
    assert found == ["mobilenet_v1", "mobilenet_v2", "mobilenet_v3_large", "mobilenet_v3_small"]
