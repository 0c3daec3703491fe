"""Means over seeds, and what holds: pure functions of the measurements."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from bench.train_figures import OURS, Figure, Measurement

OPERATIONS = 2 * 3  # a multiplication and an addition; once forward and twice backward


class Verdict(NamedTuple):
    """One aim: how it is worded, what was found, and whether that holds; None where it is not known."""

    what: str
    found: str
    holds: bool | None


def of(all_of_them: Iterable[Measurement], figure: Figure, who: str) -> list[Measurement]:
    """Those of one side that gave a figure."""
    return [
        m for m in all_of_them if (m.figure, m.who) == (figure.code, who) and m.accuracy is not None
    ]


def mean(values: Iterable[float | None]) -> float | None:
    """Of those that are known; None of none."""
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if known else None


def mean_accuracy(rows: Sequence[Measurement]) -> float | None:
    """Over the seeds."""
    return mean(row.accuracy for row in rows)


def reached_s(row: Measurement, accuracy: float) -> float | None:
    """The first second at which val was at least so good; None where it never was."""
    return next((second for second, found in row.curve if found >= accuracy - 1e-9), None)


def verdicts(
    figure: Figure, measured: Sequence[Measurement], product: Mapping[str, float]
) -> list[Verdict]:
    """Every aim of a figure. `product` is the matrix-product rate for each precision."""
    aim, ours = figure.aim, of(measured, figure, OURS)
    accuracy, found = mean_accuracy(ours), []
    if aim.accuracy is not None:
        found.append(at_least(f"accuracy ≥ {aim.accuracy:.1%}", accuracy, aim.accuracy, "{:.2%}"))
    if aim.points is not None:
        found.append(_points(figure, measured, accuracy, aim.points))
    if aim.faster is not None:
        found += [_faster(figure, measured, ours, who, aim.faster) for who in figure.peers]
    share = mean(arithmetic_share(row, product) for row in ours)
    if aim.share is not None:
        what = f"arithmetic ≥ {aim.share:.0%} of the matrix-product rate"
        found.append(at_least(what, share, aim.share, "{:.1%}"))
    if aim.wall_s is not None:
        wall = mean(row.wall_s for row in ours)
        found.append(at_most(f"whole command ≤ {aim.wall_s:g} s", wall, aim.wall_s, "{:.1f} s"))
    if aim.memory_bytes is not None:
        peak = max((row.memory_bytes or 0 for row in ours), default=None)
        what = f"memory ≤ {aim.memory_bytes / 1e9:g} GB"
        giga = None if peak is None else peak / 1e9
        found.append(at_most(what, giga, aim.memory_bytes / 1e9, "{:.2f} GB"))
    return found


def arithmetic_share(row: Measurement, product: Mapping[str, float]) -> float | None:
    """Operations of training a second, by those of a matrix product in the precision in use."""
    macs, rate = row.more.get("macs"), row.more.get("trained_per_second")
    best = product.get(str(row.more.get("precision")))
    return OPERATIONS * macs * rate / best if macs and rate and best else None


def at_least(what: str, value: float | None, limit: float, shown: str) -> Verdict:
    """Held from `limit` up."""
    return Verdict(
        what, *(("not measured", None) if value is None else (shown.format(value), value >= limit))
    )


def at_most(what: str, value: float | None, limit: float, shown: str) -> Verdict:
    """Held up to `limit`."""
    return Verdict(
        what, *(("not measured", None) if value is None else (shown.format(value), value <= limit))
    )


def _points(
    figure: Figure, measured: Sequence[Measurement], ours: float | None, least: float
) -> Verdict:
    """Above the best peer; every peer must have been measured."""
    what = f"≥ {least:g} points above the best peer"
    known = {who: mean_accuracy(of(measured, figure, who)) for who in figure.peers}
    there = {who: value for who, value in known.items() if value is not None}
    if ours is None or not there:
        return Verdict(what, "not measured", None)
    best = max(there, key=lambda who: there[who])
    points = 100 * (ours - there[best])
    lacking = [who for who in known if who not in there]
    told = f"{points:.1f} above {best}" + (f"; without {', '.join(lacking)}" if lacking else "")
    return Verdict(what, told, False if points < least else (None if lacking else True))


def _faster(
    figure: Figure,
    measured: Sequence[Measurement],
    ours: Sequence[Measurement],
    who: str,
    least: float,
) -> Verdict:
    """To the final accuracy of a peer, from the moment it first had it."""
    what = f"≥ {least:g} times faster than {who} to its final accuracy"
    peers = of(measured, figure, who)
    final = mean_accuracy(peers)
    if final is None or not ours:
        return Verdict(what, "not measured", None)
    theirs = mean(reached_s(row, row.accuracy or 0) for row in peers)
    times = [reached_s(row, final) for row in ours]
    never = times.count(None)
    if never or theirs is None:
        return Verdict(what, f"{final:.1%} not reached in {never} of {len(times)} runs", False)
    own = mean(times) or math.nan
    ends = mean(row.seconds for row in peers)
    told = f"{theirs / own:.1f} times: {final:.1%} after {own:.1f} s, {who} after {theirs:.1f} s"
    told += f", and its network after {ends:.1f} s" if ends is not None else ""
    return Verdict(what, told, theirs / own >= least)
