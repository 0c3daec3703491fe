"""The page of the command lists the exit codes that there are."""

from __future__ import annotations

import re
import signal

from striate import errors
from striate.training.stopping import SIGNALS, Stopped
from tests.conftest import ROOT

TEXT = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")


def test_every_exit_code_of_a_fault_or_a_signal_is_listed_and_no_other() -> None:
    shown = {int(code) for code in re.findall(r"^\| (\d+) \|", TEXT, re.MULTILINE)}
    kinds = [one for one in vars(errors).values() if isinstance(one, type)]
    faults = {one.exit_code for one in kinds if issubclass(one, errors.StriateError)}
    asked = {Stopped(number).exit_code for number in SIGNALS}
    assert shown == {0} | faults | asked | {128 + signal.SIGPIPE}
