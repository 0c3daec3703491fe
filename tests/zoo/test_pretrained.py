"""Real weights into our networks: the answers must be torchvision's, and the CIFAR network must
know its pictures.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest

from striate.errors import NoWeights, WeightsDiffer, WeightsRefused
from striate.zoo import pretrained as module
from striate.zoo.catalogue import CATALOGUE, find

torch = pytest.importorskip("torch")
MOBILENET = "weights/mobilenet_v2_imagenet_from_tf2_ptq.pth"
RESNET20 = "weights/resnet_cifar10/resnet20-12fca82f.th"


def test_mobilenet_v2_weights_answer_as_in_torchvision(data: Path) -> None:
    from torchvision import models

    twin = models.mobilenet_v2(weights=None).eval()
    twin.load_state_dict(torch.load(data / MOBILENET, map_location="cpu", weights_only=True))
    loaded = module.pretrained("mobilenet_v2", data / MOBILENET)
    given = torch.randn(2, 3, 224, 224)
    with torch.no_grad():
        assert (twin(given) - loaded.network(given)).abs().max() <= 1e-5 * twin(given).abs().max()
    assert loaded.mean == (0.485, 0.456, 0.406)
    assert not loaded.network.training


@pytest.mark.parametrize(
    ("depth", "file", "right"),
    [
        (20, "resnet20-12fca82f.th", 915),
        pytest.param(32, "resnet32-d509ac18.th", 928, marks=pytest.mark.slow),
        pytest.param(44, "resnet44-014dd654.th", 933, marks=pytest.mark.slow),
        pytest.param(56, "resnet56-4bfd9763.th", 926, marks=pytest.mark.slow),
    ],
)
def test_the_cifar_resnets_score_what_is_known_of_their_weights(
    data: Path, depth: int, file: str, right: int
) -> None:
    loaded = module.pretrained(f"resnet{depth}-cifar", data / "weights/resnet_cifar10" / file)
    archive = np.load(data / "cifar10/cifar10_lossless_train4000_test1000.npz", allow_pickle=False)
    pictures = (
        torch.from_numpy(archive["x_test"]).permute(0, 3, 1, 2).float() / 255
    )  # N H W C -> N C H W
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    given = (pictures - mean[:, None, None]) / std[:, None, None]
    with torch.no_grad():
        found = torch.cat([loaded.network(part).argmax(1) for part in given.split(250)])
    assert int((found == torch.from_numpy(archive["y_test"])).sum()) == right


def test_a_file_whose_hash_is_not_the_one_in_its_name_is_refused(
    data: Path, tmp_path: Path
) -> None:
    wrong = tmp_path / "resnet20-00000000.th"
    shutil.copy(data / RESNET20, wrong)
    with pytest.raises(
        WeightsRefused,
        match="should have a sha256 that starts with 00000000, but it starts with 12fca82f",
    ):
        module.pretrained("resnet20-cifar", wrong)


def test_weights_of_another_network_name_the_first_tensor_that_differs(data: Path) -> None:
    with pytest.raises(WeightsDiffer, match="the file holds 97 tensors, this network has 157"):
        module.pretrained("resnet32-cifar", data / RESNET20)


def test_a_tensor_of_another_shape_is_named_and_nothing_changes() -> None:
    network = torch.nn.Sequential(torch.nn.Linear(3, 2))
    before = network[0].weight.detach().clone()
    with pytest.raises(
        WeightsDiffer,
        match=r"the tensor 'w' has shape \[2, 4\], but '0.weight' of this network has \[2, 3\]",
    ):
        module.fill(network, {"w": torch.ones(2, 4), "b": torch.ones(2)})
    assert torch.equal(network[0].weight, before)


def test_names_that_a_wrapper_prefixed_are_understood() -> None:
    network = torch.nn.Sequential(torch.nn.Linear(3, 2))
    left = module.fill(
        network,
        {"module._orig_mod.0.weight": torch.ones(2, 3), "module._orig_mod.0.bias": torch.ones(2)},
    )
    assert not left
    assert network[0].weight.eq(1).all()


@pytest.mark.parametrize("name", [n for n, network in CATALOGUE.items() if network.weights])
def test_every_known_weight_has_an_address_a_hash_and_a_size(name: str) -> None:
    source = module.source_of(find(name))
    assert source.url.startswith("https://")
    assert len(source.sha256_prefix) >= 8
    assert source.size_bytes > 4 * 1e6
    assert "BSD-3-Clause" in str(source)


def test_a_network_without_known_weights_says_so() -> None:
    with pytest.raises(NoWeights, match="no pretrained weights are known for lenet5"):
        module.pretrained("lenet5")


def test_weights_that_lie_in_torchs_folder_are_used_without_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole way by name, with a file of random weights whose address and hash stand in for
    torchvision's.
    """
    from torchvision import models

    twin = models.shufflenet_v2_x0_5(weights=None).eval()
    torch.save(twin.state_dict(), tmp_path / "made.pth")
    start = hashlib.sha256((tmp_path / "made.pth").read_bytes()).hexdigest()[:8]
    stated = module.Source(
        f"https://example.invalid/net-{start}.pth", start, 6_000_000, "BSD-3-Clause"
    )
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(module, "source_of", lambda network: stated)
    folder = module.cache_folder()
    folder.mkdir(parents=True)
    shutil.copy(tmp_path / "made.pth", folder / f"net-{start}.pth")
    said: list[str] = []
    loaded = module.pretrained("shufflenet_v2_x0_5", announce=said.append)
    given = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        assert torch.allclose(twin(given), loaded.network(given), atol=1e-5)
    assert said == []


def test_a_download_is_announced_with_address_size_and_licence_before_it_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stop(Exception):
        pass

    def refuse(sentence: str) -> None:
        raise Stop(sentence)

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(
        Stop,
        match=r"downloading weights of resnet18: https://.*resnet18-f37072fd.pth \(46\.\d MB.*BSD-3",
    ):
        module.pretrained("resnet18", announce=refuse)
    assert list(tmp_path.iterdir()) == []
