"""One thread inside, as many as before afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from striate import machine
from striate.training.ranks import Ranks
from striate.training.threads import one_thread, while_others_wait


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


def test_while_others_wait_the_first_rank_has_their_threads_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = torch.get_num_threads()
    monkeypatch.setattr(machine, "usable_threads", lambda: 6)
    try:
        for own, here, wanted in ((2, 1, 2), (2, 3, 6), (2, 4, 6), (8, 2, 8)):
            torch.set_num_threads(own)
            with while_others_wait(Ranks(0, 8, here)):
                assert torch.get_num_threads() == wanted
            assert torch.get_num_threads() == own
    finally:
        torch.set_num_threads(before)
