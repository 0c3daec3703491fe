"""The command as a whole: help, faults, exit codes, streams."""

from __future__ import annotations

import importlib
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable

import click
import pytest

from striate import __version__
from striate.cli import main as command_line
from striate.cli.main import VERBS, Verb, as_ours
from striate.errors import DoesNotFit, FileFault, StriateError
from tests.conftest import environment

NAMES = [verb.name for verb in VERBS]


@pytest.fixture
def fails(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Make `striate explain-error` raise something."""

    def arrange(fault: BaseException) -> None:
        def raises(**_: object) -> None:
            raise fault

        module = importlib.import_module("striate.cli.explain_error")
        monkeypatch.setattr(module.command, "callback", raises)

    return arrange


def test_the_help_of_the_whole_command_is_as_agreed(striate: Callable, golden: Callable) -> None:
    done = striate("--help")
    assert done.code == 0
    golden("help.out", done.out)


@pytest.mark.parametrize("name", NAMES)
def test_the_help_of_every_verb_is_as_agreed(
    striate: Callable, golden: Callable, name: str
) -> None:
    done = striate(name, "--help")
    assert done.code == 0, done.err
    golden(f"help_{name}.out", done.out)


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_the_table_of_verbs_says_what_the_verb_says(verb: Verb) -> None:
    module = importlib.import_module("striate.cli." + verb.name.replace("-", "_"))
    assert isinstance(module.command, click.Command)
    assert " ".join((module.command.help or "").split("\n\n")[0].split()) == verb.help


@pytest.mark.parametrize("name", NAMES)
def test_every_verb_speaks_json_and_shows_examples(name: str) -> None:
    command = importlib.import_module("striate.cli." + name.replace("-", "_")).command
    verbs = command.commands.values() if isinstance(command, click.Group) else [command]
    for verb in verbs:
        assert "--json" in [flag for parameter in verb.params for flag in parameter.opts]
    assert f"striate {name}" in (command.epilog or "")


def test_without_a_verb_the_help_is_printed(striate: Callable) -> None:
    assert striate() == striate("--help") == striate("-h")


def test_the_version_is_printed(striate: Callable) -> None:
    assert striate("--version") == (0, f"striate {__version__}\n", "")


@pytest.mark.parametrize(
    ("args", "text", "where", "near"),
    [
        (("modles",), "no such command 'modles'", "striate", "did you mean models?"),
        (("--vresion",), "no such option '--vresion'", "striate", "did you mean --version?"),
        (("doctor", "--jsno"), "no such option '--jsno'", "striate doctor", "did you mean --json?"),
        (
            ("doctor", "x"),
            "got unexpected extra argument (x)",
            "striate doctor",
            "striate doctor --help",
        ),
        (
            ("completion",),
            "missing argument '{bash|zsh|fish}'",
            "striate completion",
            "shows its flags",
        ),
        (
            ("completion", "csh"),
            "'csh' is not one of 'bash', 'zsh', 'fish'",
            "striate completion",
            "--help",
        ),
        (("xyzzy",), "no such command 'xyzzy'", "striate", "`striate --help` lists the verbs"),
    ],
)
def test_a_fault_of_usage_says_what_where_and_what_to_try(
    striate: Callable, args: tuple[str, ...], text: str, where: str, near: str
) -> None:
    done = striate(*args)
    assert done.code == 2
    assert done.out == ""
    lines = done.err.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("error[U001]: ")
    assert text in lines[0]
    assert lines[1] == f"  where: {where}"
    assert lines[2].startswith("  fix:   ")
    assert near in lines[2]


def test_with_json_a_fault_is_json_too(striate: Callable) -> None:
    done = striate("explain-error", "Q999", "--json")
    assert done.code == 2
    assert json.loads(done.out) == {
        "schema_version": 1,
        "error": {
            "code": "U001",
            "text": "no error has the code 'Q999'",
            "where": "",
            "fix": "`striate explain-error` lists all",
        },
    }
    assert done.err.startswith("error[U001]: no error has the code 'Q999'")


def test_our_own_faults_end_with_their_exit_code(striate: Callable, fails: Callable) -> None:
    fails(DoesNotFit("conv5 does not fit 3x3", "pad it", position=3, source="3: conv5"))
    done = striate("explain-error")
    assert done.code == 4
    assert done.err.splitlines()[0] == "error[S001]: conv5 does not fit 3x3"


def test_what_nobody_foresaw_is_one_line_and_no_traceback(
    striate: Callable, fails: Callable
) -> None:
    fails(KeyError("weight"))
    done = striate("explain-error")
    assert done.code == 1
    assert done.err.splitlines()[0] == "error[X001]: KeyError: 'weight'"
    assert "run again with --debug" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("args", [("--debug", "explain-error"), ("explain-error", "--debug")])
def test_debug_shows_the_traceback_wherever_it_stands(
    striate: Callable, fails: Callable, args: tuple[str, ...]
) -> None:
    fails(ZeroDivisionError("by nothing"))
    done = striate(*args)
    assert done.code == 1
    assert "Traceback" in done.err
    assert "error[X001]: ZeroDivisionError: by nothing" in done.err


def test_debug_after_two_dashes_is_an_argument(striate: Callable) -> None:
    assert "no error has the code '--debug'" in striate("explain-error", "--", "--debug").err


def test_an_interruption_ends_with_130(striate: Callable, fails: Callable) -> None:
    for fault in (KeyboardInterrupt(), click.Abort()):
        fails(fault)
        assert striate("explain-error") == (130, "", "interrupted\n")


def test_a_verb_may_return_an_exit_code(striate: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    command = importlib.import_module("striate.cli.explain_error").command
    monkeypatch.setattr(command, "callback", lambda **_: 5)
    assert striate("explain-error").code == 5


def test_a_fault_of_a_file_given_to_click_is_ours(striate: Callable) -> None:
    fault = as_ours(click.FileError("a.txt", "no such file"))
    assert isinstance(fault, FileFault)
    assert fault.where == "a.txt"


def test_an_exception_without_a_text_is_named() -> None:
    assert as_ours(RuntimeError()).text == "RuntimeError"
    assert as_ours(RuntimeError("one\ntwo")).text == "RuntimeError: one"


def test_escape_sequences_in_a_message_do_not_reach_the_terminal(
    striate: Callable, fails: Callable
) -> None:
    fails(StriateError("a\033[2Jb"))
    assert "\033" not in striate("explain-error").err


@pytest.mark.parametrize(
    ("environ", "is_painted"),
    [({}, False), ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False)],
)
def test_colour_is_asked_for_and_forbidden_by_the_environment(
    striate: Callable, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], is_painted: bool
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert ("\033[31m" in striate("nonsense").err) == is_painted


def test_a_reader_that_goes_away_is_no_error() -> None:
    command = [sys.executable, "-m", "striate", "explain-error"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    ) as writer:
        assert writer.stdout is not None
        assert writer.stderr is not None
        writer.stdout.close()
        assert writer.stderr.read() == b""
    assert writer.returncode == 141


def test_a_terminal_that_cannot_show_a_letter_gets_an_escape(child: Callable) -> None:
    done = child("-m", "striate", "explain-error", "–", env={"PYTHONIOENCODING": "latin-1"})
    assert done.returncode == 2
    assert "\\u2013" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="arguments are bytes on POSIX only")
def test_an_argument_that_is_no_text_is_taken_without_a_traceback() -> None:
    command = [sys.executable.encode(), b"-m", b"striate", b"explain-error", b"\xff\xfe"]
    done = subprocess.run(command, capture_output=True, env=environment())
    assert done.returncode == 2
    assert done.stderr.startswith(b"error[U001]")


def test_no_command_line_ends_in_a_traceback(
    striate: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    from striate.verbs import doctor

    monkeypatch.setattr(doctor, "accelerator", lambda: {"kind": None, "devices": [], "note": ""})
    monkeypatch.setattr(doctor, "bf16", lambda: {"note": ""})
    words = [
        *NAMES,
        "--json",
        "--help",
        "--",
        "-",
        "",
        "-h",
        "--input",
        "3x32x32",
        "3x32x32: conv3-8 relu fc10",
    ]
    words += [
        "resnet18",
        "--strict",
        "bash",
        "G001",
        "\0",
        "é",
        "🦓",
        "-1",
        "conv3-8",
        "(",
        "os:system",
        "a" * 3000,
    ]
    draw = random.Random(0)
    for _ in range(150):
        args = [draw.choice(words) for _ in range(draw.randint(0, 5))]
        done = striate(*args)
        assert done.code in (0, 2, 3, 4, 6), f"{args}: {done.err}"
        assert "Traceback" not in done.err
        if done.code:
            assert done.err.startswith("error["), args


def test_completion_offers_verbs_and_flags(child: Callable) -> None:
    asked = {"_STRIATE_COMPLETE": "bash_complete", "COMP_WORDS": "striate do", "COMP_CWORD": "1"}
    assert "doctor" in child("-m", "striate", env=asked).stdout
    asked |= {"COMP_WORDS": "striate doctor --", "COMP_CWORD": "2"}
    assert "--json" in child("-m", "striate", env=asked).stdout


def test_help_comes_quickly_enough_not_to_hang(child: Callable) -> None:
    # The figure (0.10 s) is measured by bench; here only a hang is caught, at many times that.
    assert child("-X", "importtime", "-m", "striate", "--help").returncode == 0


def test_the_command_line_changes_no_setting_of_the_process() -> None:
    before = dict(os.environ)
    command_line.main(["--version"])
    assert dict(os.environ) == before
