"""The figure of two pictures: same, different or not sure, beside the distances of labelled pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from striate.pages.chart_lines import Scale, Series
from striate.pictures.files import Pixels
from striate.seeing.figures.figure import Chart, Figure, Panel, Part, Table, Tile

if TYPE_CHECKING:
    from striate.judging.intervals import Measure
    from striate.seeing.inside.pairs import Counted, Rates, Threshold

_BARS = 64
_SAYS = {"same": "the same", "different": "different", "not sure": "not sure"}


class Pair(NamedTuple):
    """names and pixels of the two, and how far apart they are."""

    names: tuple[str, str]
    pixels: tuple[Pixels, Pixels]
    distance: float


class Judged(NamedTuple):
    """threshold: chosen on `chosen_on`; rates: counted on `counted_on`, in words; counts: of those pairs."""

    threshold: Threshold
    rates: Rates
    counts: Counted
    chosen_on: str
    counted_on: str


def same_figure(name: str, pair: Pair, judged: Judged) -> Figure:
    """The two, the answer, how often such answers are wrong, and where the distance lies."""
    threshold, rates = judged.threshold, judged.rates
    verdict = threshold.verdict(pair.distance)
    tiles = [
        Tile(letter, own.rpartition("/")[2], pixels)
        for letter, own, pixels in zip("AB", pair.names, pair.pixels, strict=True)
    ]
    has_band = threshold.low < threshold.high
    said = f"{_SAYS[verdict].capitalize()}: {pair.distance:.3f} apart; same up to {threshold.low:.3f}, "
    said += (
        f"different above {threshold.high:.3f}, not sure between."
        if has_band
        else "different above."
    )
    rows = [
        ("different pairs called the same (false accept)", *_share(rates.accepted)),
        ("same pairs called different (false reject)", *_share(rates.rejected)),
    ]
    if has_band:
        rows += [
            ("not sure, of same pairs", *_share(rates.unsure_same)),
            ("not sure, of different pairs", *_share(rates.unsure_different)),
            (f"false accept with one threshold at {threshold.at:.3f}", *_share(rates.accepted_at)),
            (f"false reject with one threshold at {threshold.at:.3f}", *_share(rates.rejected_at)),
        ]
    told = (
        f"The thresholds were chosen on {judged.chosen_on}, and the errors counted on {judged.counted_on}: "
        f"{rates.pairs[0]:,} same and {rates.pairs[1]:,} different pairs of {rates.pictures:,} pictures, by "
        "their labels. The intervals allow for each picture being in many pairs. Labels that the network "
        "never learned may do worse."
    )
    parts: tuple[Part, ...] = (
        Panel("The two", tuple(tiles), said, side=220),
        Table("How often it is wrong", ("", "share", "95 %"), tuple(rows), "lrr", told),
        _chart(pair.distance, judged.counts),
    )
    lead = (
        f"Are these two of the same label, by {name}? Distance is 1 minus the cosine of the vectors before "
        "the last layer: 0 is the same direction."
    )
    facts: dict[str, Any] = {
        "answer": verdict, "distance": pair.distance, "threshold": threshold._asdict(),
        "pictures": list(pair.names), "chosen_on": judged.chosen_on, "counted_on": judged.counted_on,
        "pairs": {"same": rates.pairs[0], "different": rates.pairs[1], "pictures": rates.pictures},
        "rates": {k: v.to_dict() for k, v in rates._asdict().items() if k not in ("pairs", "pictures")},
    }  # fmt: skip
    arrays = {
        "same": judged.counts.same, "different": judged.counts.different,
        "distance, threshold, low, high": np.array([pair.distance, *threshold]),
    } | {
        f"rate: {name}": _ends(one) for name, one in rates._asdict().items()
        if name not in ("pairs", "pictures")
    }  # fmt: skip
    return Figure(f"Same or different? {name}", lead, parts, arrays, facts)


def _ends(one: Measure) -> np.ndarray[Any, Any]:
    """The value and its interval; nothing measured is NaN."""
    return np.array([one.value, *(one.interval_95 or (None, None))], np.float64)


def _share(one: Measure) -> tuple[str, str]:
    if one.value is None or one.interval_95 is None:
        return "–", "–"
    low, high = one.interval_95
    return f"{100 * one.value:.2f} %", f"{100 * low:.2f} to {100 * high:.2f} %"


def _chart(distance: float, counts: Counted) -> Chart:
    """Shares of pairs by distance, each kind by its own top; the distance of the two upright."""
    ends = np.linspace(0, 2, _BARS + 1)
    shown = max(_last(counts.same), _last(counts.different), distance * _BARS / 2) + 2
    series = [
        Series(name, kind, _line(found, ends, int(shown)), has_dots=False)
        for name, kind, found in (
            ("same", "s1", counts.same),
            ("different", "s2", counts.different),
        )
    ]
    series.append(Series("A and B", "s3", ((distance, 0.0), (distance, 1.0)), has_dots=False))
    scale = Scale(("distance", "pairs, as a share of the commonest"), is_share=True)
    return Chart("Distances of the pairs", tuple(series), scale)


def _last(found: Sequence[int] | np.ndarray[Any, Any]) -> float:
    return float(np.flatnonzero(_bars(found))[-1]) if np.any(found) else 0.0


def _bars(found: Sequence[int] | np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    bars: np.ndarray[Any, Any] = np.asarray(found).reshape(_BARS, -1).sum(1)
    return bars


def _line(found: Any, ends: Any, shown: int) -> tuple[tuple[float, float], ...]:
    bars = _bars(found)
    share = bars / max(1, bars.max())
    middles = (ends[1:] + ends[:-1]) / 2
    return tuple((float(x), float(y)) for x, y in zip(middles[:shown], share[:shown], strict=True))
