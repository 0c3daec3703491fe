"""What `striate bench` measures: figures that fit one another, whatever they are."""

from __future__ import annotations

from striate.verbs.bench import bench
from tests.verbs import made


def test_every_figure_is_there_and_fits_the_others() -> None:
    events, done = made.followed(bench(made.photos().path, 0.5, 2))
    assert [one.done for one in events] == [0, 1, 2, 3, 4]  # type: ignore[union-attr]
    for one in (done.whole, done.alone):
        assert 0 < one.best_ms <= one.p50_ms <= one.p99_ms
        assert one.calls >= 5
    assert [one.batch for one in done.network] == [1, 4, 16, 64]
    assert [one.threads for one in done.files] == [1, 2]
    assert all(one.per_second > 0 for one in (*done.network, *done.files))
    assert done.memory is None or done.memory > 20e6
    told = done.to_dict()
    assert told["input"] == [8, 8, 3]
    assert told["runtime"] == "onnx"


def test_with_one_thread_files_are_measured_once() -> None:
    _, done = made.followed(bench(made.digits().path, 0.3, 1))
    assert [one.threads for one in done.files] == [1]
