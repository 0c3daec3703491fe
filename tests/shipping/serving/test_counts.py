"""What is counted is printed as Prometheus reads it."""

from __future__ import annotations

import re

from striate.shipping.serving.counts import Counts, Histogram

LINE = re.compile(
    r'(# (HELP|TYPE) [a-z_]+ .+)|([a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [0-9.e+-]+)'
)


def test_every_line_is_one_that_prometheus_reads() -> None:
    counts = Counts()
    counts.requests["/predict", 200] += 3
    counts.refused["host"] += 1
    counts.seconds.add(0.004)
    lines = counts.text({"queue_pictures": 2}).splitlines()
    for line in lines:
        assert LINE.fullmatch(line), line
    assert 'striate_requests_total{route="/predict",code="200"} 3' in lines
    assert "striate_queue_pictures 2" in lines
    told = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(told) == len(set(told))


def test_a_histogram_counts_what_is_at_or_below_each_edge() -> None:
    histogram = Histogram((1.0, 2.0))
    for value in (0.5, 1.0, 1.5, 9.0):
        histogram.add(value)
    assert histogram.counts == [2, 1, 1]
    assert histogram.total == 12.0
    counts = Counts()
    counts.batches = histogram
    text = counts.text({})
    for line in ('bucket{le="1"} 2', 'bucket{le="2"} 3', 'bucket{le="+Inf"} 4', "count 4"):
        assert f"striate_batch_pictures_{line}" in text
