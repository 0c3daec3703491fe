"""What a file in eight bits says of itself, and what is asked of it for that."""

from __future__ import annotations

import math

import pytest

from striate.judging.compare import Told, compare
from striate.shipping import eight_bits
from striate.shipping.eight_bits import EightBits, has_vnni, least_same, may_overflow

WITHOUT, WITH = frozenset({"sse2", "avx2"}), frozenset({"sse2", "avx2", "avx512_vnni"})


def test_what_was_measured_is_written_whole() -> None:
    cost = compare(
        Told(["a", "b"], ["x", "y"], ["x", "y"]), Told(["a", "b"], ["x", "y"], ["x", "x"])
    )
    told = EightBits(cost, 0.5, reduced_range=True).to_dict()
    assert told["same_first"] == 0.5
    assert told["reduced_range"] is True
    assert told["accuracy"] == [1.0, 0.5]


def test_the_range_is_reduced_where_sums_of_bytes_could_overflow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(eight_bits, "cpu_flags", lambda: WITHOUT)
    assert not has_vnni()
    monkeypatch.setattr(eight_bits, "cpu_flags", lambda: WITH)
    assert has_vnni()


@pytest.mark.parametrize(
    ("flags", "reduced", "may"),
    [(WITHOUT, False, True), (WITHOUT, True, False), (WITH, False, False), (frozenset(), False, False)],
    ids=["no VNNI", "seven bits", "VNNI", "unknown"],
)  # fmt: skip
def test_only_eight_whole_bits_without_vnni_may_overflow(
    flags: frozenset[str], reduced: bool, may: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(eight_bits, "cpu_flags", lambda: flags)
    assert may_overflow({"int8": {"reduced_range": reduced}}) is may
    assert not may_overflow({})
    assert not may_overflow({"int8": True})


def test_as_much_is_asked_as_was_measured_less_chance() -> None:
    assert least_same({"same_first": 0.98}, 256, are_real=True) == pytest.approx(
        0.98 - 4 * math.sqrt(0.98 * 0.02 / 256)
    )
    assert least_same({"same_first": 1}, 256, are_real=True) == 1 - 4 / 256
    assert least_same({"same_first": 1.0}, 40, are_real=False) == 0.5
    for lie in (None, "1", True, 0, 0.1, 7, float("nan")):
        assert least_same({"same_first": lie}, 40, are_real=True) == 0.5
