"""Networks from elsewhere by name: user code, torchvision, timm; and what is said when that fails."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from striate.errors import CannotLoadModel, MissingExtra, UnknownModel  # noqa: E402
from striate.grammar.foreign import load  # noqa: E402

CODE = """
from torch import nn
import helper_of_mine

class Net(nn.Module):
    def __init__(self, classes=helper_of_mine.CLASSES):
        super().__init__()
        self.head = nn.Linear(4, classes)

class Wide(nn.Module):
    def __init__(self, width):
        super().__init__()

class Families:
    @staticmethod
    def small():
        return Net(3)

def network():
    return Net(7)

def number():
    return 7

def fails():
    return deeper()

def deeper():
    return nn.Linear(4, "x")

def leaves():
    raise SystemExit(3)

ready = Net(5)
size = 12
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with code of the user's own, as the current one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets_of_mine.py").write_text(CODE, encoding="utf-8")
    (tmp_path / "helper_of_mine.py").write_text("CLASSES = 9\n", encoding="utf-8")
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.endswith("_of_mine"):
            del sys.modules[name]


@pytest.mark.parametrize(
    ("name", "classes"), [("network", 7), ("Net", 9), ("ready", 5), ("Families.small", 3)]
)
def test_a_function_a_class_or_a_network_of_the_current_folder_is_found(
    here: Path, name: str, classes: int
) -> None:
    path = sys.path[:]
    module = load(f"nets_of_mine:{name}")
    assert isinstance(module, nn.Module)
    assert module.get_submodule("head").weight.shape == (classes, 4)
    assert sys.path == path


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nets_of_mine:netwrok", "nets_of_mine has no 'netwrok'"),
        ("nets_of_mine:number", "gave a int, not an nn.Module"),
        ("nets_of_mine:size", "is a int, not a network"),
        ("nets_of_mine:Wide", "wants width, but it is called without arguments"),
        ("nets_of_mine:leaves", "SystemExit: 3"),
        ("nowhere_of_mine:net", "there is no module 'nowhere_of_mine'"),
        ("nets_of_mine", "does not name a network from elsewhere"),
        ("nets_of_mine:", "does not name a network from elsewhere"),
        ("../nets:net", "is not a module and a name in it"),
    ],
)
def test_what_cannot_be_made_is_refused_with_the_reason(here: Path, name: str, told: str) -> None:
    with pytest.raises(CannotLoadModel) as caught:
        load(name)
    assert told in caught.value.text
    assert caught.value.hint


def test_a_misspelt_function_is_guessed(here: Path) -> None:
    with pytest.raises(CannotLoadModel) as caught:
        load("nets_of_mine:netwrok")
    assert "did you mean `network`" in caught.value.hint


def test_an_error_in_the_users_code_is_quoted_with_its_place(here: Path) -> None:
    with pytest.raises(CannotLoadModel) as caught:
        load("nets_of_mine:fails")
    assert "calling nets_of_mine:fails failed: TypeError" in caught.value.text
    line = CODE[: CODE.index('nn.Linear(4, "x")')].count("\n") + 1
    assert caught.value.where == f"{here / 'nets_of_mine.py'}, line {line}"

    (here / "broken_of_mine.py").write_text("import nets_of_mine\nx = 1 / 0\n", encoding="utf-8")
    with pytest.raises(CannotLoadModel) as caught:
        load("broken_of_mine:net")
    assert "ZeroDivisionError: division by zero" in caught.value.text
    assert caught.value.where == f"{here / 'broken_of_mine.py'}, line 2"

    (here / "unread_of_mine.py").write_text("def net(:\n", encoding="utf-8")
    with pytest.raises(CannotLoadModel) as caught:
        load("unread_of_mine:net")
    assert "SyntaxError" in caught.value.text
    assert caught.value.where.endswith("unread_of_mine.py, line 1")


def test_a_module_that_the_users_code_misses_is_named(here: Path) -> None:
    (here / "wants_of_mine.py").write_text("import gone_of_mine\n", encoding="utf-8")
    with pytest.raises(CannotLoadModel) as caught:
        load("wants_of_mine:net")
    assert "importing wants_of_mine failed: ModuleNotFoundError" in caught.value.text
    assert "gone_of_mine" in caught.value.text


def test_torchvision_and_timm_networks_have_random_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("nothing may be downloaded")

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", refuse)
    pytest.importorskip("torchvision")
    assert type(load("torchvision:squeezenet1_1")).__name__ == "SqueezeNet"
    pytest.importorskip("timm")
    assert type(load("timm:resnet10t")).__name__ == "ResNet"
    assert type(load("timm:resnet10t.c3_in1k")).__name__ == "ResNet"


def test_an_unknown_name_is_guessed_and_nothing_else_is_tried() -> None:
    pytest.importorskip("torchvision")
    with pytest.raises(UnknownModel) as caught:
        load("torchvision:resnet51")
    assert "torchvision has no classifier called 'resnet51'" in caught.value.text
    assert "`resnet50`" in caught.value.hint
    with pytest.raises(UnknownModel):
        load("torchvision:fcos_resnet50_fpn")
    pytest.importorskip("timm")
    for name in ("hf-hub:someone/something", "local-dir:/tmp", "resnet51", "resnet50.not_a_tag"):
        with pytest.raises(UnknownModel):
            load(f"timm:{name}")


def test_a_package_that_is_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(name: str) -> object:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr("striate.optional.importlib.import_module", gone)
    with pytest.raises(MissingExtra) as caught:
        load("timm:resnet50")
    assert "striate[zoo]" in caught.value.hint
