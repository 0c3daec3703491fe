"""Logits of a network: fp32, eval, in order, and the network as it was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import nn

from striate.errors import CannotJudge
from striate.judging.predict import predict
from striate.pictures.batches import Batch


def network() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Dropout(0.5), nn.AdaptiveAvgPool2d(1),
        nn.Flatten(), nn.Linear(8, 4),
    )  # fmt: skip


def batches(sizes: tuple[int, ...] = (5, 3), kind: torch.dtype = torch.float32) -> Iterator[Batch]:
    start = 0
    for step, size in enumerate(sizes):
        rows = np.arange(start, start + size)[::-1].copy()
        draw = torch.Generator().manual_seed(step)
        images = torch.randn(size, 3, 9, 9, generator=draw).to(kind)
        labels = torch.zeros(size, dtype=torch.int64)
        yield Batch(images, labels, torch.ones(size), rows, step, labels)
        start += size


def test_logits_and_rows_come_in_the_order_of_the_batches() -> None:
    net = network()
    logits, rows = predict(net, batches())
    assert logits.dtype == np.float32
    assert logits.shape == (8, 4)
    assert rows.dtype == np.int64
    assert rows.tolist() == [4, 3, 2, 1, 0, 7, 6, 5]
    net.eval()
    with torch.no_grad():
        wanted = torch.cat([net(batch.images) for batch in batches()])
    assert np.array_equal(logits, wanted.numpy())


def test_every_module_gets_back_the_mode_it_had() -> None:
    net = network()
    net[1].eval()
    predict(net, batches())
    assert [module.training for module in net] == [True, False, True, True, True, True, True]


def test_the_mode_comes_back_after_a_fault_too() -> None:
    net = network()
    with pytest.raises(RuntimeError):
        predict(net, _broken())
    assert net.training
    assert net[1].training


def _broken() -> Iterator[Batch]:
    yield from batches((2,))
    raise RuntimeError("a disk that stalls")


def test_judging_changes_no_statistic_and_leaves_no_gradient() -> None:
    net = network()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    predict(net, batches())
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())
    assert all(p.grad is None and p.requires_grad for p in net.parameters())


def test_autocast_around_it_changes_no_bit() -> None:
    net = network()
    wanted, _ = predict(net, batches())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found, _ = predict(net, batches())
        rounded = net.eval()(next(batches()).images)
    assert rounded.dtype == torch.bfloat16
    assert np.array_equal(found, wanted)


class _Asks(nn.Module):
    """Notes how products would be made."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Any] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.seen.append(switches())
        return x.flatten(1)[:, :2]


def switches() -> list[Any]:
    backends = cast("Any", torch.backends)
    return [
        torch.get_float32_matmul_precision(), backends.cudnn.allow_tf32,
        *(getattr(backends.mkldnn, kind).fp32_precision for kind in ("conv", "rnn", "matmul")),
        backends.cudnn.conv.fp32_precision, backends.cuda.matmul.fp32_precision,
    ]  # fmt: skip


@pytest.mark.parametrize("products", ["highest", "high", "medium"])
def test_products_are_exact_inside_and_as_before_outside(products: str) -> None:
    start = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(products)
    try:
        before, net = switches(), _Asks()
        predict(net, batches())
        assert all(seen == ["highest", False, *["ieee"] * 5] for seen in net.seen)
        assert switches() == before
    finally:
        torch.set_float32_matmul_precision(start)


def test_switches_that_disagree_already_are_put_back() -> None:
    place = cast("Any", torch.backends).cudnn.conv
    start = place.fp32_precision
    place.fp32_precision = "ieee"  # cuDNN's older switch still allows TF32
    try:
        predict(_Asks(), batches())
        assert place.fp32_precision == "ieee"
    finally:
        place.fp32_precision = start
    assert cast("Any", torch.backends).cudnn.allow_tf32 is True


def test_pictures_that_are_not_float32_are_refused() -> None:
    with pytest.raises(CannotJudge, match="wants float32 pictures, not torch.uint8"):
        predict(network(), batches(kind=torch.uint8))


def test_weights_that_are_not_fp32_are_refused() -> None:
    with pytest.raises(CannotJudge, match="weights in torch.bfloat16"):
        predict(network().to(torch.bfloat16), batches())


def test_a_network_that_gives_no_rows_of_logits_is_refused() -> None:
    with pytest.raises(CannotJudge, match=r"answers 5 pictures with \(5, 3, 9, 9\)"):
        predict(nn.Identity(), batches())
    with pytest.raises(CannotJudge, match="answers 5 pictures with tuple"):
        predict(_Pair(), batches())


class _Pair(nn.Module):
    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return x, x


def test_empty_batches_are_refused() -> None:
    with pytest.raises(CannotJudge, match="the batches are empty"):
        predict(network(), iter(()))
