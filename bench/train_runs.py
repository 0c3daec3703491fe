"""One command in a process of its own: how long it took, the most memory it held, and what it printed.

Memory is what the system counts for the largest single process among the command and those that it waited
for. A child's count is never below what its parent held when it was started, so a small process stands
between the one that asks and the command.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
# Nothing is sent anywhere, nothing is fetched: proxies that are not there stop what has no switch.
NOWHERE = "http://127.0.0.1:9"
OFFLINE = {
    **dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), NOWHERE),
    "DO_NOT_TRACK": "1",
    "YOLO_OFFLINE": "true",
    "YOLO_AUTOINSTALL": "false",
    "HF_HUB_OFFLINE": "1",
    "WANDB_MODE": "disabled",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "",
    "PYTHONWARNINGS": "ignore",
    "NO_COLOR": "1",
}
# Starts the command, waits for it, and writes how it ended and its peak.
BETWEEN = """
import os, sys
child = os.fork()
if not child:
    try:
        os.execvp(sys.argv[2], sys.argv[2:])
    except OSError as fault:
        print(fault, file=sys.stderr)
        os._exit(127)
_, status, used = os.wait4(child, 0)
with open(sys.argv[1], "w") as file:
    file.write(f"{os.waitstatus_to_exitcode(status)} {used.ru_maxrss}")
"""


class Ran(NamedTuple):
    """How a command ended; `reason` is empty where it ended well."""

    reason: str
    printed: str
    wall_s: float
    peak_bytes: int

    def answer(self) -> dict[str, Any]:
        """The JSON object it printed: the last line, or all of it; empty where there is none."""
        whole = self.printed.strip()
        for text in (whole[whole.rfind("\n{") + 1 :], whole.rpartition("\n")[2]):
            try:
                found = json.loads(text)
            except ValueError:
                continue
            if isinstance(found, dict):
                return found
        return {}


def run(
    command: Sequence[str | Path],
    limit_s: float,
    environ: Mapping[str, str] | None = None,
    home: Path | None = None,
) -> Ran:
    """Run to the end, or until `limit_s`; with a `home` it is offline and writes its settings there."""
    known = os.environ | _paths() | (_apart(home) if home else {}) | dict(environ or {})
    with tempfile.TemporaryDirectory(prefix="striate-bench-") as held:
        out, err, end = (Path(held) / name for name in ("out", "err", "end"))
        whole = [sys.executable, "-S", "-c", BETWEEN, end, *command]
        started = time.perf_counter()
        with out.open("wb") as to_out, err.open("wb") as to_err:
            child = subprocess.Popen(
                list(map(str, whole)), stdin=subprocess.DEVNULL, stdout=to_out, stderr=to_err,
                cwd=ROOT, env=known, start_new_session=True,
            )  # fmt: skip
            late = False
            try:
                child.wait(limit_s)
            except subprocess.TimeoutExpired:
                late = True
                _end(child)
            except BaseException:
                _end(child)
                raise
        wall_s = time.perf_counter() - started
        printed, said = (path.read_text(encoding="utf-8", errors="replace") for path in (out, err))
        code, peak = map(int, end.read_text().split()) if end.exists() else (child.returncode, 0)
    unit = 1 if sys.platform == "darwin" else 1024
    reason = f"stopped after {limit_s:,.0f} s" if late else _why(code, said)
    return Ran(reason, printed, wall_s, peak * unit)


def _why(code: int, said: str) -> str:
    """The last line a failed command said; nothing for one that did not fail."""
    if code == 0:
        return ""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return f"exit code {code}: {lines[-1][:200] if lines else 'it said nothing'}"


def _end(child: subprocess.Popen[bytes]) -> None:
    """The command and all it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _paths() -> dict[str, str]:
    """This folder and the sources beside it, in every environment."""
    own = (str(ROOT), str(ROOT / "src"), os.environ.get("PYTHONPATH", ""))
    return {"PYTHONPATH": os.pathsep.join(filter(None, own))}


def _apart(home: Path) -> dict[str, str]:
    """Offline, and with settings and caches in a folder that is thrown away."""
    names = (
        "HOME",
        "XDG_CONFIG_HOME",
        "XDG_CACHE_HOME",
        "YOLO_CONFIG_DIR",
        "MPLCONFIGDIR",
        "FASTAI_HOME",
    )
    return OFFLINE | dict.fromkeys(names, str(home))
