"""Networks for demonstrations."""

from __future__ import annotations

import pytest

from striate.errors import Unbound, UnknownModel, UsageError
from striate.verbs.show_network import bound


def test_a_text_and_a_name_of_the_zoo_become_plans() -> None:
    assert bound("3x8x8: conv3p1-4").receptive_field == (3, 3)
    assert bound("lenet5").receptive_field == (32, 32)


def test_a_text_without_an_input_is_refused() -> None:
    with pytest.raises(Unbound, match="how large its input is"):
        bound("conv3p1-4")


def test_a_name_that_nobody_knows_is_refused() -> None:
    with pytest.raises(UnknownModel, match="neither a network of the zoo"):
        bound("lenet55")


def test_a_module_is_sent_to_the_table() -> None:
    pytest.importorskip("torch")
    with pytest.raises(UsageError, match="is a module") as fault:
        bound("torch.nn:Identity")
    assert "striate plan torch.nn:Identity" in str(fault.value.hint)
