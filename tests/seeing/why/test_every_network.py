"""torchvision's networks run through every method: three of them tiny, all twelve where time is no matter."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from striate.seeing.why.methods import BY_NAME, Question, explain

SMALL = {"resnet18": 40, "mobilenet_v2": 40, "squeezenet1_1": 40}
REST = {
    "alexnet": 64, "vgg11": 40, "googlenet": 40, "inception_v3": 80, "densenet121": 40, "efficientnet_b0": 40,
    "mobilenet_v3_small": 40, "shufflenet_v2_x0_5": 40, "mnasnet0_5": 40,
}  # fmt: skip


def looked_at(name: str, side: int) -> None:
    from torchvision import models

    extra = (
        {"init_weights": True, "aux_logits": False} if name in ("googlenet", "inception_v3") else {}
    )
    torch.manual_seed(0)
    model = models.get_model(name, weights=None, num_classes=5, **extra).eval()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    picture = torch.randn(1, 3, side, side)
    asked = Question(model, picture, torch.tensor([2]))
    for method in BY_NAME:
        found = explain(asked, method)
        assert found.values.shape == (1, side, side), method
        assert np.isfinite(found.values).all(), method
    assert all(torch.equal(before[k], v) for k, v in model.state_dict().items())


@pytest.mark.parametrize("name", SMALL)
def test_every_method_runs_on_a_network_of_torchvision(name: str) -> None:
    looked_at(name, SMALL[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", REST)
@pytest.mark.filterwarnings("ignore:The default weight initialization")
def test_every_method_runs_on_the_other_networks_too(name: str) -> None:
    looked_at(name, REST[name])
