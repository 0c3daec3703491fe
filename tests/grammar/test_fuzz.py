"""A hundred thousand random and mutated texts."""

from __future__ import annotations

from tests.grammar import fuzz


def test_a_hundred_thousand_random_texts_are_read_or_refused_at_a_place() -> None:
    met = fuzz.run(100_000)
    assert met.total() == 100_000
    results = {result for _, result in met}
    assert {
        "read",
        "bound",
        "G001",
        "G002",
        "G003",
        "G004",
        "S001",
        "S003",
        "S004",
        "S005",
    } <= results
    for maker in ("tokens", "mutated", "likely", "deep", "large"):
        assert {"read", "bound"} & {result for name, result in met if name == maker}


def test_the_same_seed_makes_the_same_texts() -> None:
    assert fuzz.texts(50, 1) == fuzz.texts(50, 1)
    assert fuzz.texts(50, 1) != fuzz.texts(50, 2)
