"""Draws with addresses: the same for ever, and unrelated to one another."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from striate.seeds import at, generator

INTEGERS = st.integers(-(2**70), 2**70)
ADDRESSES = st.tuples(INTEGERS, st.text(max_size=8), INTEGERS, INTEGERS)


def test_keys_never_change_between_versions() -> None:
    assert at(0, "crop") == 336183724584722147511553305386130320169
    assert at(1, "order", epoch=2, index=3) == 163221461570534545045205613914970899219


@given(ADDRESSES)
def test_a_key_has_128_bits_and_fits_philox(address: tuple[int, str, int, int]) -> None:
    key = at(*address)
    assert 0 <= key < 2**128
    np.random.Philox(key=key)


@given(ADDRESSES, ADDRESSES)
def test_two_addresses_share_a_key_only_if_they_are_equal(a: tuple, b: tuple) -> None:
    assert (at(*a) == at(*b)) == (a == b)


def test_a_purpose_cannot_imitate_another_address() -> None:
    assert at(1, "2|x") != at(1, "x", 2)
    assert at(1, "", 2, 3) != at(1, "|", 2, 3)


def test_numpy_integers_count_as_integers() -> None:
    seed, epoch = np.int64(3), np.uint8(1)
    assert at(seed, "crop", epoch) == at(3, "crop", 1)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", [1.5, "1", None])
def test_a_seed_that_is_no_integer_is_refused(seed: object) -> None:
    with pytest.raises(TypeError, match="cannot be interpreted as an integer"):
        at(seed, "crop")  # type: ignore[arg-type]


def test_a_generator_does_not_depend_on_the_draws_of_others() -> None:
    first = generator(0, "crop", epoch=1, index=7).random(4)
    generator(0, "crop", epoch=1, index=6).random(1000)
    assert (generator(0, "crop", epoch=1, index=7).random(4) == first).all()


def test_neighbouring_draws_look_independent() -> None:
    values = np.array([generator(0, "flip", index=i).random() for i in range(4000)])
    assert abs(values.mean() - 0.5) < 0.02
    assert abs(np.corrcoef(values[:-1], values[1:])[0, 1]) < 0.05
