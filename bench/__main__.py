"""Run every measurement in its quick form and print one table."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import check_speed, features, pictures, plan


def main() -> int:
    """Print what was measured beside what is aimed at; a missed one is marked, and is no failure."""
    print(f"{'what':44}  {'median':>10}  {'aim':>10}")
    missed = 0
    for row in plan.rows():
        if row.time_ms is None:
            print(f"{row.what:44}  {'not run':>10}  {row.note}")
            continue
        over = row.aim_ms is not None and row.time_ms > row.aim_ms
        missed += over
        aim = f"{row.aim_ms:,.0f} ms" if row.aim_ms is not None else "-"
        print(f"{row.what:44}  {row.time_ms:>7,.1f} ms  {aim:>10}{'  missed' if over else ''}")
    print()
    for figure in pictures.rows():
        print(pictures.shown(figure), flush=True)
        missed += figure.aim is not None and figure.value is not None and figure.value < figure.aim
    print()
    for speed in check_speed.measure():
        below = speed.share < speed.aim
        missed += below
        print(f"{check_speed.shown(speed)}{'  missed' if below else ''}", flush=True)
    print()
    for ratio in features.measure():
        below = ratio.share < features.AIM
        missed += below
        print(f"{features.shown(ratio)}{'  missed' if below else ''}", flush=True)
    for module in ("bench.ships", "bench.trouble", "bench.predict", "bench.serve"):
        print(flush=True)
        missed += beside_peers(module)
    print(flush=True)
    missed += trained()
    print(f"\n{missed} of the aims missed" if missed else "\nall aims held", file=sys.stderr)
    return 0


def beside_peers(module: str) -> int:
    """The quick form of a measurement that prints its own table. How many aims it missed."""
    done = subprocess.run(
        [sys.executable, "-m", module, "--quick"], stdout=subprocess.PIPE, text=True
    )
    print(done.stdout, end="", flush=True)
    if done.returncode:
        print(f"{module} was not measured: exit code {done.returncode}")
    return sum(line.endswith("missed") for line in done.stdout.splitlines())


def trained() -> int:
    """The quick form of training, which prints its own table, in a process of its own, since it keeps
    itself to two cores. How many aims it missed.
    """
    with tempfile.TemporaryDirectory(prefix="striate-bench-") as held:
        results = Path(held) / "train.json"
        command = [sys.executable, "-m", "bench.train", "--quick", "-o", str(results)]
        done = subprocess.run(command)
        if done.returncode or not results.is_file():
            print(f"training was not measured: exit code {done.returncode}")
            return 0
        figures = json.loads(results.read_text(encoding="utf-8"))["figures"]
    return sum(aim["holds"] is False for figure in figures for aim in figure["aims"])


if __name__ == "__main__":
    sys.exit(main())
