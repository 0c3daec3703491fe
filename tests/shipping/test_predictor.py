"""Many pictures through one classifier: order, batches, faults, memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from striate.shipping.answer import Answer
from striate.shipping.classifier import Classifier, load
from striate.shipping.predictor import Predictor, batch_for
from tests.verbs import made


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    """Cats and dogs in ONNX Runtime."""
    return load(made.photos().path, threads=1)


class Echo:
    """Stands for a classifier: the name is the answer, and the network takes a while of its own choosing."""

    def __init__(self, waits: float = 0.0) -> None:
        self.waits = waits
        self.batches: list[int] = []
        self.threads: set[int] = set()

    def prepare(self, name: str) -> Any:
        if name.startswith("bad"):
            return f"{name} is bad"
        return np.array([int(name)], np.uint8)

    def probabilities(self, pictures: list[Any]) -> Any:
        self.threads.add(threading.get_ident())
        self.batches.append(len(pictures))
        time.sleep(self.waits * (int(pictures[0][0]) % 3))
        return np.array([[float(one[0])] for one in pictures])

    def answer(self, name: str, row: Any, top: int) -> Answer:
        return Answer(name, str(int(row[0])), 1.0, (), True)


def told(predictor: Predictor, names: list[str | None]) -> list[Answer]:
    return [one for some in predictor.answers(names) for one in some]


def test_answers_are_those_of_the_classifier_in_the_order_of_the_names(
    classifier: Classifier,
) -> None:
    paths = sorted(str(p) for p in made.photographs().rglob("*.jpg"))
    wanted = classifier.predict(paths, batch=7)
    assert told(Predictor(classifier, 7, 2), list(paths)) == wanted
    alone = told(Predictor(classifier, 7, 1), list(paths))
    assert [one.label for one in alone] == [one.label for one in wanted]


@given(
    st.lists(st.integers(0, 255).map(str) | st.just("bad") | st.none(), max_size=60),
    st.integers(1, 9),
    st.integers(1, 4),
)
@settings(max_examples=40, deadline=None)
def test_every_name_has_one_answer_at_its_place(
    names: list[str | None], batch: int, threads: int
) -> None:
    echo: Any = Echo()
    found = told(Predictor(echo, batch, threads), names)
    wanted = [name for name in names if name is not None]
    assert [one.path for one in found] == wanted
    for name, one in zip(wanted, found, strict=True):
        assert (one.label, one.error) == ((None, "bad is bad") if name == "bad" else (name, None))
    assert all(size <= batch for size in echo.batches)


def test_threads_that_end_out_of_turn_do_not_change_the_order() -> None:
    echo: Any = Echo(waits=0.004)
    names: list[str | None] = [str(i % 200) for i in range(120)]
    assert [one.path for one in told(Predictor(echo, 5, 3), names)] == names
    assert len(echo.threads) > 1


def test_no_more_names_are_taken_than_a_few_batches() -> None:
    taken, done, most = 0, 0, 0

    def endless() -> Iterator[str]:
        nonlocal taken
        for i in range(20_000):
            taken += 1
            yield str(i % 256)

    echo: Any = Echo()
    for some in Predictor(echo, 4, 2).answers(endless()):
        most = max(most, taken - done)
        done += len(some)
    assert done == 20_000
    assert most <= 4 * (2 + 3)


def test_a_list_that_stands_still_gives_what_is_known() -> None:
    echo: Any = Echo()
    seen: list[str] = []

    def slow() -> Iterator[str | None]:
        yield "1"
        yield "2"
        yield None
        assert seen == ["1", "2"]
        yield None
        yield "3"

    for some in Predictor(echo, 64, 2).answers(slow()):
        seen += [one.path for one in some]
    assert seen == ["1", "2", "3"]


def test_a_fault_of_the_network_ends_it_and_no_thread_is_left() -> None:
    class Broken(Echo):
        def probabilities(self, pictures: list[Any]) -> Any:
            raise RuntimeError("broken")

    echo: Any = Broken()
    with pytest.raises(RuntimeError, match="broken"):
        told(Predictor(echo, 2, 2), ["1"] * 50)
    assert not [t for t in threading.enumerate() if t.name.startswith("striate-predict")]


def test_one_that_goes_away_leaves_no_thread() -> None:
    echo: Any = Echo()
    answers = Predictor(echo, 2, 2).answers(["1"] * 500)
    next(answers)
    answers.close()  # type: ignore[attr-defined]
    assert not [t for t in threading.enumerate() if t.name.startswith("striate-predict")]


def test_a_batch_of_unreadable_pictures_asks_no_network(tmp_path: Path) -> None:
    echo: Any = Echo()
    assert [one.error for one in told(Predictor(echo, 2, 1), ["bad", "bad"])] == ["bad is bad"] * 2
    assert echo.batches == []


def test_batches_follow_the_size_of_pictures_and_their_number() -> None:
    assert batch_for((224, 224, 3)) == 4
    assert batch_for((28, 28, 1)) == 64
    assert batch_for((1024, 1024, 3)) == 4
    assert [batch_for((28, 28, 1), n, 2) for n in (0, 1, 2, 5, 1000)] == [1, 1, 1, 3, 64]
