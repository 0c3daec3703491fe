"""Names, weights in and out, and telling all layers at once."""

from __future__ import annotations

import numpy as np
import pytest

from striate.textbook.activations import relu
from striate.textbook.batch_norm import BatchNorm
from striate.textbook.connected import FullyConnected
from striate.textbook.dropout import Dropout
from striate.textbook.network import Network
from striate.textbook.sequence import Residual, Sequence


def small(rng: np.random.Generator) -> Network:
    """Two layers, one in a block, a norm and a dropout."""
    body = Sequence({"fc1": FullyConnected(rng.normal(size=(3, 3)), np.zeros(3))})
    return Network(
        Sequence(
            {"res1": Residual(body), "bn1": BatchNorm(3), "relu1": relu(), "drop1": Dropout(0.5)}
        )
    )


def test_weights_are_called_after_where_they_stand(rng: np.random.Generator) -> None:
    network = small(rng)
    learned = ["res1.body.fc1.weight", "res1.body.fc1.bias", "bn1.weight", "bn1.bias"]
    assert list(network.weights) == learned
    assert set(network.state) - set(learned) == {
        "bn1.running_mean", "bn1.running_var", "bn1.num_batches_tracked",
    }  # fmt: skip


def test_every_weight_has_a_gradient_of_its_shape(rng: np.random.Generator) -> None:
    network = small(rng)
    network.forward(rng.normal(size=(4, 3)))
    network.backward(np.ones((4, 3)))
    shapes = {name: array.shape for name, array in network.gradients.items()}
    assert shapes == {name: array.shape for name, array in network.weights.items()}


def test_what_is_told_reaches_every_layer(rng: np.random.Generator) -> None:
    network = small(rng)
    network.set(training=True, address=(3, 4))
    assert all(layer.training and layer.address == (3, 4) for _, layer in network.root.named())


def test_a_network_takes_over_anothers_weights(rng: np.random.Generator) -> None:
    one, other, x = small(rng), small(rng), rng.normal(size=(4, 3))
    assert not np.allclose(one.forward(x), other.forward(x))
    other.load({name: array.astype(np.float32) for name, array in one.state.items()})
    assert np.allclose(one.forward(x), other.forward(x), atol=1e-6)
    one.weights["bn1.weight"][:] = 0
    assert other.weights["bn1.weight"].tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"more": np.zeros(3)}, "this network does not have 'more'"),
        ({"bn1.bias": np.zeros(4)}, r"'bn1.bias' has the shape \(3,\) here, the weights \(4,\)"),
    ],
)
def test_weights_of_another_network_are_refused_and_nothing_is_changed(
    change: dict[str, np.ndarray], said: str, rng: np.random.Generator
) -> None:
    network = small(rng)
    before = {name: array.copy() for name, array in network.state.items()}
    with pytest.raises(ValueError, match=said):
        network.load({name: array + 1 for name, array in before.items()} | change)
    with pytest.raises(ValueError, match="the weights lack 'res1.body.fc1.weight'"):
        network.load({})
    assert all((network.state[name] == array).all() for name, array in before.items())
