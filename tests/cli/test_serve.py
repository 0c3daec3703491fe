"""`striate serve` as a user types it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import environment
from tests.verbs import made

WAIT_S = 60.0


def started(*args: str, **more: str) -> subprocess.Popen[str]:
    """The command in a process of its own."""
    command = [sys.executable, "-m", "striate", "serve", *args, "--threads", "1"]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment() | more
    )


def asked(url: str, path: str, **headers: str) -> tuple[int, bytes]:
    host = url.split("/")[2]
    link = http.client.HTTPConnection(host, timeout=WAIT_S)
    try:
        link.request("GET", path, headers=headers)
        found = link.getresponse()
        return found.status, found.read()
    finally:
        link.close()


def test_the_address_is_printed_when_it_can_be_asked_and_ctrl_c_ends_it_well() -> None:
    server = started(str(made.digits().path / "bundle"), "--port", "0")
    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        assert line.startswith("serving bundle at http://127.0.0.1:")
        assert asked(line.split()[3], "/health/ready")[0] == 200
        server.send_signal(signal.SIGINT)
        out, err = server.communicate(timeout=WAIT_S)
        assert (server.returncode, out, err) == (0, "", "")
    finally:
        server.kill()


def test_json_names_the_address_and_a_token_comes_from_the_environment() -> None:
    server = started(
        str(made.digits().path), "--port", "0", "--host", "0.0.0.0", "--json", "--workers", "2",
        STRIATE_TOKEN="a-token-of-the-tests",
    )  # fmt: skip
    try:
        assert server.stdout is not None
        lines = iter(server.stdout.readline, "}\n")
        told = json.loads("".join(lines) + "}")
        assert (told["model"], told["runtime"], told["workers"]) == ("digits", "onnx", 2)
        assert asked(told["url"], "/card")[0] == 401
        own = {"Authorization": "Bearer a-token-of-the-tests"}
        assert json.loads(asked(told["url"], "/card", **own)[1])["classes"][0] == "0"
        os.kill(server.pid, signal.SIGTERM)
        assert server.wait(WAIT_S) == 0
    finally:
        server.kill()
        server.communicate()


def test_the_server_of_an_onnx_never_loads_torch(tmp_path: Path) -> None:
    """An import of torch would be an error in both processes."""
    (tmp_path / "torch.py").write_text("raise RuntimeError('torch was imported')")
    server = started(
        str(made.digits().path), "--port", "0", "--json",
        PYTHONPATH=f"{tmp_path}{os.pathsep}{environment()['PYTHONPATH']}",
    )  # fmt: skip
    try:
        assert server.stdout is not None
        assert json.loads("".join(iter(server.stdout.readline, "}\n")) + "}")["runtime"] == "onnx"
    finally:
        server.kill()
        server.communicate()


def test_a_taken_port_ends_with_two_and_names_another(striate: Callable) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        done = striate("serve", str(made.digits().path), "--port", port)
    assert done.code == 2
    assert done.err.startswith("error[P004]: ")
    assert "another program uses that port" in done.err


@pytest.mark.parametrize(
    ("args", "code", "text"),
    [
        (("nothing.onnx",), 3, "nothing.onnx is not there"),
        (("nowhere",), 3, "nowhere"),
        ((".",), 4, "no bundle that can be used"),
        (("x.onnx", "--port", "99999"), 2, "99999"),
        (("x.onnx", "--workers", "0"), 2, "0 is not in the range"),
    ],
)
def test_what_cannot_be_served_is_a_sentence(
    striate: Callable,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    args: tuple[str, ...],
    code: int,
    text: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    done = (
        striate("serve", *args, "--port", "0") if "--port" not in args else striate("serve", *args)
    )
    assert done.code == code, done.err
    assert text in done.err
    assert "Traceback" not in done.err


def test_a_file_that_is_no_model_ends_with_the_fault_of_the_model(
    striate: Callable, tmp_path: Path
) -> None:
    (tmp_path / "a.onnx").write_bytes(b"no model")
    done = striate("serve", str(tmp_path / "a.onnx"), "--port", "0")
    assert done.code == 4
    assert done.err.startswith("error[P001]: ")


def test_an_open_address_without_a_token_and_a_weak_token_are_refused(striate: Callable) -> None:
    run = str(made.digits().path)
    done = striate("serve", run, "--host", "0.0.0.0")
    assert done.code == 2
    assert "STRIATE_TOKEN" in done.err
    assert "too short" in striate("serve", run, "--token", "abc").err


def test_without_the_extra_the_line_to_install_it_is_told(child: Callable, tmp_path: Path) -> None:
    (tmp_path / "starlette.py").write_text("raise ModuleNotFoundError(name='starlette')")
    path = f"{tmp_path}{os.pathsep}{environment()['PYTHONPATH']}"
    done = child("-m", "striate", "serve", "x", env={"PYTHONPATH": path})
    assert done.returncode == 6
    assert "pip install 'striate[serve]'" in done.stderr
