"""From a trained run to an exported file, an answer and a page: the four commands of the README."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from tests.conftest import ROOT
from tests.verbs import made

README = ROOT / "README.md"
READY_S = 60


def commands() -> list[list[str]]:
    """The lines of the README's section "Use it"."""
    section = README.read_text(encoding="utf-8").split("## Use it")[1].split("\n## ")[0]
    block = re.findall(r"^```\n(striate .*?)^```", section, re.MULTILINE | re.DOTALL)[0]
    return [shlex.split(line, comments=True) for line in block.splitlines()]


def free_port() -> int:
    """One that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def asked(address: str, data: bytes | None = None) -> tuple[int, bytes]:
    """What a server answers, once it does."""
    until = time.monotonic() + READY_S
    while True:
        try:
            with urllib.request.urlopen(urllib.request.Request(address, data)) as found:
                return found.status, found.read()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def test_four_commands_lead_from_a_run_to_a_page(tmp_path: Path) -> None:
    shown = commands()
    assert [words[1] for words in shown] == ["export", "verify", "predict", "serve"]
    (tmp_path / "runs").mkdir()
    made.copy(made.digits().path, tmp_path / "runs" / "one")  # what `make demo` trains on
    (tmp_path / "runs" / "latest").symlink_to("one")
    (tmp_path / "docs").symlink_to(ROOT / "docs")  # only what the checkout has is named
    shown_picture = next(word for word in shown[2] if word.endswith(".png"))
    picture = (ROOT / shown_picture).read_bytes()
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "HOME": str(tmp_path)}
    env |= {"OMP_NUM_THREADS": "1"}
    printed = ""
    for words in shown[:3]:
        done = subprocess.run(
            [sys.executable, "-m", "striate", *words[1:]],
            cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}{done.stderr}"
        printed = done.stdout
    (row,) = [json.loads(line) for line in printed.splitlines()]
    assert row["path"] == shown_picture
    assert row["label"] in "0123456789"
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "striate", *shown[3][1:], "--port", str(port)],
        cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        address = f"http://127.0.0.1:{port}"
        status, page = asked(f"{address}/")
        assert status == 200
        assert b"<html" in page
        assert asked(f"{address}/predict", picture)[0] == 200
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) == 0
    finally:
        with contextlib.suppress(ProcessLookupError):
            server.kill()
        server.communicate()
