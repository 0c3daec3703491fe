"""The table: a block for each figure, its sides below one another, its aims last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bench.train_figures import OURS, Figure, Measurement
from bench.train_peers import PEERS
from bench.train_sums import arithmetic_share, mean, mean_accuracy, of, verdicts

HELD = {True: "held", False: "missed", None: "not known"}
HEAD = (
    f"{'':30}{'accuracy':>9}{'points':>8}{'training':>10}{'command':>10}"
    f"{'pictures/s':>12}{'epochs':>8}{'memory':>9}  of each seed"
)


def machine_lines(machine: Mapping[str, Any]) -> Iterator[str]:
    """What it was measured on."""
    yield f"{machine.get('cpu')}, {machine.get('cores')} cores; {' '.join(machine.get('flags') or [])}"
    product = machine.get("matrix_product") or {}
    rates = ", ".join(f"{kind} {rate / 1e9:,.1f} GFLOP/s" for kind, rate in product.items())
    yield f"matrix product: {rates or 'not measured'}"


def block(
    figure: Figure, measured: Sequence[Measurement], product: Mapping[str, float]
) -> Iterator[str]:
    """Lines of one figure."""
    yield f"{figure.title} ({figure.code}), {figure.split}"
    yield HEAD
    ours = mean_accuracy(of(measured, figure, OURS))
    for who in (OURS, *figure.peers):
        yield from side(figure, measured, who, ours)
    share = mean(arithmetic_share(row, product) for row in of(measured, figure, OURS))
    if share is not None:
        yield f"    arithmetic: {share:.1%} of the matrix-product rate of the precision in use"
    again = mean(row.more.get("looked_again") for row in of(measured, figure, OURS))
    if again is not None:
        yield f"    unsure pictures looked at again: {again:.2%}"
    for verdict in verdicts(figure, measured, product):
        yield f"    {HELD[verdict.holds]:>9}: {verdict.what}: {verdict.found}"


def side(
    figure: Figure, measured: Sequence[Measurement], who: str, ours: float | None
) -> Iterator[str]:
    """The means of one side, or why there are none; and what failed, if anything did."""
    rows = of(measured, figure, who)
    failed = [m for m in measured if (m.figure, m.who) == (figure.code, who) and m.error]
    title = PEERS[who].title if who in PEERS else who
    if not rows:
        reason = failed[0].error if failed else "not measured"
        yield f"  {title:28}not measured: {reason}"
        return
    accuracy = mean_accuracy(rows)
    compared = who != OURS and ours is not None and accuracy is not None
    apart = f"{100 * ((ours or 0) - (accuracy or 0)):+.1f}" if compared else ""
    memory = max((row.memory_bytes or 0 for row in rows), default=0) / 1e9
    each = " ".join(f"{100 * (row.accuracy or 0):.2f}" for row in rows)
    yield (
        f"  {title:28}{accuracy:>9.2%}{apart:>8}{_s(mean(r.seconds for r in rows)):>10}"
        f"{_s(mean(r.wall_s for r in rows)):>10}{_n(mean(r.pictures_per_second for r in rows), 0):>12}"
        f"{_n(mean(r.epochs for r in rows), 1):>8}{memory:>6.2f} GB  {each}"
    )
    yield from (f"    seed {m.seed} failed: {m.error}" for m in failed)


def summary(
    figures: Sequence[Figure], measured: Sequence[Measurement], product: Mapping[str, float]
) -> list[dict[str, Any]]:
    """The same for programs."""
    found = []
    for figure in figures:
        sides = {who: of(measured, figure, who) for who in (OURS, *figure.peers)}
        found.append(
            {
                "figure": figure.code,
                "title": figure.title,
                "accuracy": {who: mean_accuracy(rows) for who, rows in sides.items()},
                "memory_bytes": {
                    who: max((row.memory_bytes or 0 for row in rows), default=None)
                    for who, rows in sides.items()
                },
                "aims": [verdict._asdict() for verdict in verdicts(figure, measured, product)],
            }
        )
    return found


def _s(value: float | None) -> str:
    return "–" if value is None else f"{value:,.1f} s"


def _n(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"
