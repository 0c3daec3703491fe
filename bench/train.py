"""How well a network is trained in the time given, beside what a person would use instead, in one run.

python -m bench.train                    every figure, every peer, three seeds: hours
python -m bench.train --quick            ours and the plain loop at 60 s, one seed: minutes
python -m bench.train --only cifar-300 --who fastai --seeds 1
python -m bench.train --install          makes the peers' environments, and stops
python -m bench.train --smoke            ten seconds of everything on a few pictures: does it run?

All sides get the same two cores one after the other, seed by seed, so that a machine that changes its
speed does so for all. With -o FILE every measurement is kept at once, and what FILE holds of the same
sources on the same processor is not measured again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import final

from bench import train_machine, train_ours, train_table
from bench.train_data import NEEDED, WEIGHTS, shared
from bench.train_figures import OURS, Figure, Measurement, chosen
from bench.train_peers import PEERS, NotInstalled, python_of
from bench.train_runs import ROOT, run

SCHEMA_VERSION = 1
SPARED_S = 1500.0  # for a peer's start, decoding, judging, and an epoch that is over the time
SMOKE_S, SMOKE_PICTURES = 10.0, {"cifar": 1000, "fashion": 1000, "hymenoptera": 24, "flowers5": 8}


@final
class Bench:
    """One run: what was asked, a folder that is thrown away, and what was measured so far."""

    def __init__(self, given: argparse.Namespace, folder: Path) -> None:
        self.given, self.folder = given, folder
        self.figures = chosen(given.only, quick=given.quick)
        if given.smoke:
            self.figures = [replace(figure, seconds=SMOKE_S) for figure in self.figures]
        before = train_ours.of_json(given.output) if given.output else {}
        self.measured = [Measurement.from_dict(m) for m in before.get("measurements", [])]
        self.machine = train_machine.facts()

    def measure(self) -> None:
        """What was asked for and is not there from before; each figure is printed when it is done."""
        self.multiply()
        print("\n".join(train_table.machine_lines(self.machine)), flush=True)
        for figure in self.figures:
            for who, seed in self.turns(figure):
                found = self.one(figure, who, seed)
                self.measured = [m for m in self.measured if m.key != found.key] + [found]
                self.save()
            lines = train_table.block(figure, self.measured, self.product)
            print("", *lines, sep="\n", flush=True)
        self.multiply()
        self.save()

    def turns(self, figure: Figure) -> Iterator[tuple[str, int]]:
        """Who and which seed, in order; those with a figure from before are left out."""
        there = {m.key for m in self.measured if m.more.get("made_by") == self.made_by(m.who)}
        sides = [OURS, *figure.peers]
        wanted = self.given.who.split(",") if self.given.who else sides
        most = max(self.given.seeds, figure.seeds if self.given.seeds > 1 else 1)
        for seed in range(most):
            for who in sides:
                its = most if who == OURS else self.given.seeds
                if who in wanted and seed < its and (figure.code, who, seed) not in there:
                    yield who, seed

    def one(self, figure: Figure, who: str, seed: int) -> Measurement:
        """One training; what prevents it is kept as its error."""
        note(f"{figure.code}: {who}, seed {seed}, {figure.seconds:g} s ...")
        began = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        reason = train_ours.reason_not(figure)
        try:
            if reason:
                found = Measurement(figure.code, who, seed, error=reason)
            elif who == OURS:
                found = self.ours(figure, seed)
            else:
                found = self.peer(figure, who, seed)
        except NotInstalled as fault:
            found = Measurement(figure.code, who, seed, error=f"not installed: {fault}")
        note(f"    {found.error or f'{found.accuracy:.2%}'}")
        # One that failed is tried again.
        made_by = "" if found.error else self.made_by(who)
        return replace(found, more={**found.more, "began": began, "made_by": made_by})

    def made_by(self, who: str) -> str:
        """What a measurement depends on besides its key: processor, packages, and the text of the sources."""
        ours = who not in PEERS
        files = (
            (ROOT / "src").rglob("*.py") if ours else [ROOT / "bench" / f"{PEERS[who].module}.py"]
        )
        texts = b"".join(path.read_bytes() for path in sorted(files))
        packages = () if ours else PEERS[who].packages
        place = f"{self.given.smoke} {self.machine['cpu']} {' '.join(packages)} ".encode()
        return hashlib.sha256(place + texts).hexdigest()[:16]

    def ours(self, figure: Figure, seed: int) -> Measurement:
        """Striate; sets that are fine-tuned on are read as the peers get them."""
        made = figure.data in NEEDED and (self.given.smoke or figure.split == "val")
        place = self.data(figure) if made else None
        return train_ours.measure(figure, seed, self.folder, place)

    def peer(self, figure: Figure, who: str, seed: int) -> Measurement:
        """The script of a peer in its own environment."""
        scratch = self.folder / f"{who}-home"
        scratch.mkdir(exist_ok=True)
        command: list[str | Path] = [
            python_of(PEERS[who]), "-m", f"bench.{PEERS[who].module}", "--data", self.data(figure),
            "--seconds", f"{figure.seconds:g}", "--seed", str(seed), "--weights", shared(WEIGHTS).absolute(),
            "--scratch", scratch,
        ]  # fmt: skip
        ran = run(command, 2 * figure.seconds + SPARED_S, home=scratch)
        told = {"figure": figure.code, "who": who, "seed": seed, **ran.answer()}
        reason = ran.reason or ("" if "accuracy" in told else "it printed no accuracy")
        found = Measurement.from_dict(told)
        return replace(found, error=reason, wall_s=ran.wall_s, memory_bytes=ran.peak_bytes)

    def data(self, figure: Figure) -> Path:
        """The set as the peers get it, made when it is first asked for, in a process of its own."""
        place = self.folder / "data" / figure.data
        if not place.is_dir():
            limit = SMOKE_PICTURES[figure.data] if self.given.smoke else 0
            script = [sys.executable, "-m", "bench.train_data", figure.data, str(place.parent)]
            ran = run([*script, "--limit", str(limit)], SPARED_S)
            if ran.reason:
                raise SystemExit(f"the set {figure.data} could not be made: {ran.reason}")
        return place

    def multiply(self) -> None:
        """The rate of matrix products, at the beginning and the end: the best counts."""
        ran = run([sys.executable, "-m", "bench.train_machine"], SPARED_S)
        found, best = ran.answer().get("matrix_product", {}), self.product
        self.machine["matrix_product"] = best | {
            k: max(v, best.get(k, 0)) for k, v in found.items()
        }

    @property
    def product(self) -> dict[str, float]:
        """Operations a second for each precision."""
        return dict(self.machine.get("matrix_product", {}))

    def save(self) -> None:
        """Everything so far, if a file was named; written beside it first."""
        path: Path | None = self.given.output
        if path is None:
            return
        content = {
            "schema_version": SCHEMA_VERSION,
            "machine": self.machine,
            "seeds": self.given.seeds,
            "measurements": [m.to_dict() for m in self.measured],
            "figures": train_table.summary(self.figures, self.measured, self.product),
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f"{path.name}.part")
        beside.write_text(
            json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )
        os.replace(beside, path)


def install() -> int:
    """Make every peer's environment, and say where it is or why it is not."""
    failed = 0
    for peer in PEERS.values():
        try:
            print(f"{peer.name:12}  {python_of(peer)}", flush=True)
        except NotInstalled as fault:
            failed += 1
            print(f"{peer.name:12}  not installed: {fault}", flush=True)
    return failed


def note(text: str) -> None:
    """What goes on, on stderr."""
    print(text, file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """As the command line says; what is missed is no failure."""
    parser = argparse.ArgumentParser(prog="python -m bench.train")
    parser.add_argument("--quick", action="store_true", help="ours and the plain loop, one seed")
    parser.add_argument("--smoke", action="store_true", help="ten seconds of everything, one seed")
    parser.add_argument(
        "--install", action="store_true", help="make the peers' environments and stop"
    )
    parser.add_argument("--seeds", type=int, default=3, metavar="N")
    parser.add_argument("--only", default="", metavar="FIGURE,…", help="these figures alone")
    parser.add_argument("--who", default="", metavar="SIDE,…", help="these sides alone")
    parser.add_argument(
        "-o", dest="output", type=Path, metavar="FILE", help="results as JSON, kept on"
    )
    given = parser.parse_args(arguments)
    if given.install:
        return install()
    if given.quick or given.smoke:
        given.seeds = 1
    train_machine.keep_to_cores()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that a running peer is ended too
    with tempfile.TemporaryDirectory(prefix="striate-bench-") as held:
        Bench(given, Path(held)).measure()
    return 0


if __name__ == "__main__":
    sys.exit(main())
