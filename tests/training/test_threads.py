"""One thread inside, as many as before afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from striate.training.threads import one_thread


@pytest.fixture(autouse=True)
def _three_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def test_there_is_one_thread_inside_and_as_many_as_before_afterwards() -> None:
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 3
    with one_thread(wanted=False):
        assert torch.get_num_threads() == 3


def test_the_threads_come_back_after_a_fault() -> None:
    with pytest.raises(KeyError), one_thread():
        raise KeyError
    assert torch.get_num_threads() == 3
