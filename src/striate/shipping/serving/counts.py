"""What the server counts, and the text that Prometheus reads."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate
from typing import Any, final

EDGES_S = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


@final
class Histogram:
    """How many values lie below each edge."""

    def __init__(self, edges: tuple[float, ...] = EDGES_S) -> None:
        self.edges = edges
        self.counts = [0] * (len(edges) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        """One more."""
        self.counts[bisect_left(self.edges, value)] += 1
        self.total += value


@final
class Counts:
    """Everything since the start. `card` is what the first model process said when it was ready."""

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, int]] = Counter()
        self.refused: Counter[str] = Counter()
        self.seconds = Histogram()
        self.batches = Histogram((1.0, 2.0, 4.0, 8.0, 16.0, 32.0))
        self.pictures = 0
        self.unreadable = 0
        self.restarts = 0
        self.card: dict[str, Any] | None = None

    def text(self, now: dict[str, float]) -> str:
        """The page /metrics; `now` holds what is measured when it is asked for."""
        return "\n".join((*self._lines(now), ""))

    def _lines(self, now: dict[str, float]) -> Iterator[str]:
        yield from _head("striate_requests_total", "counter", "Requests by route and status.")
        for (route, code), count in sorted(self.requests.items()):
            yield f'striate_requests_total{{route="{route}",code="{code}"}} {count}'
        yield from _head(
            "striate_refused_total", "counter", "Requests that were refused, by reason."
        )
        for reason, count in sorted(self.refused.items()):
            yield f'striate_refused_total{{reason="{reason}"}} {count}'
        told = "From the headers of a request to its answer; pictures only."
        yield from _drawn("striate_request_seconds", told, self.seconds)
        told = "How many pictures the network ran on at once."
        yield from _drawn("striate_batch_pictures", told, self.batches)
        totals: tuple[tuple[str, float, str], ...] = (
            ("pictures_total", self.pictures, "Pictures that were looked at."),
            ("decode_failures_total", self.unreadable, "Pictures that could not be read."),
            ("model_restarts_total", self.restarts, "Model processes that were started again."),
        )
        for name, value, text in totals:
            yield from _head(f"striate_{name}", "counter", text)
            yield f"striate_{name} {value}"
        for name, value in now.items():
            yield from _head(f"striate_{name}", "gauge", f"{name.replace('_', ' ')} now.")
            yield f"striate_{name} {value}"


def _head(name: str, kind: str, text: str) -> Iterator[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {kind}"


def _drawn(name: str, text: str, histogram: Histogram) -> Iterator[str]:
    yield from _head(name, "histogram", text)
    below = list(accumulate(histogram.counts))
    for edge, count in zip((*histogram.edges, "+Inf"), below, strict=True):
        shown = edge if isinstance(edge, str) else f"{edge:g}"
        yield f'{name}_bucket{{le="{shown}"}} {count}'
    yield f"{name}_sum {histogram.total:.6f}"
    yield f"{name}_count {below[-1]}"
