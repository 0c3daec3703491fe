"""One way in for every kind of name: the zoo, a text, torchvision, timm, the user's own module."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import striate
from striate.errors import CannotLoadModel, ClassesDiffer, PlanError, UnknownModel
from striate.grammar.plan import Plan
from striate.grammar.sheet import Sheet
from striate.verbs.plan import plan


def test_a_text_becomes_a_plan_and_prints_as_its_table() -> None:
    found = striate.plan("3x32x32: conv3p1-16 relu gap fc10")
    assert isinstance(found, Plan)
    assert str(found).startswith("layer ")
    assert [layer.word for layer in found] == ["conv3p1-16", "relu", "gap", "fc10"]


def test_a_name_of_the_zoo_takes_another_input_and_other_classes() -> None:
    found = plan("resnet18", "3x96x96", classes=5)
    assert isinstance(found, Plan)
    assert found.given == (3, 96, 96, False)
    assert found.output.channels == 5


def test_an_input_may_be_three_numbers() -> None:
    assert plan("conv3p1-8 gap fc2", (1, 28, 28)).parameters == 8 * 10 + 2 * 9


def test_a_text_that_states_another_number_of_classes_is_refused() -> None:
    with pytest.raises(ClassesDiffer, match="ends with 10 outputs, but there are 3 classes"):
        plan("3x32x32: gap fc10", classes=3)


def test_a_mistyped_name_lists_the_nearest_networks() -> None:
    with pytest.raises(
        UnknownModel, match=r"'resnet51' is neither a network of the zoo nor a word"
    ) as caught:
        plan("resnet51")
    assert "`resnet50`" in caught.value.hint


def test_an_input_of_two_numbers_is_refused_with_the_rule() -> None:
    with pytest.raises(PlanError, match=r"written channels x height x width.*got '32x32'"):
        plan("gap fc2", "32x32")


def test_resnet152_is_planned_from_text_without_torch() -> None:
    code = (
        "import sys, striate; p = striate.plan('resnet152'); str(p)\n"
        "sys.exit(1 if {'torch', 'numpy'} & set(sys.modules) or len(p) != 514 else 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_torchvisions_resnet_traced_counts_what_our_text_counts() -> None:
    pytest.importorskip("torchvision")
    traced, ours = plan("torchvision:resnet18"), plan("resnet18")
    assert isinstance(traced, Sheet)
    assert (traced.parameters, traced.macs) == (ours.parameters, ours.macs)
    assert traced.receptive_field == ours.receptive_field


def test_a_module_object_is_traced() -> None:
    torch = pytest.importorskip("torch")
    found = plan(torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.ReLU()), (3, 8, 8))
    assert found.parameters == 8 * 28


def test_a_network_from_elsewhere_has_the_classes_it_has() -> None:
    torch = pytest.importorskip("torch")
    module = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(192, 5))
    assert str(plan(module, (3, 8, 8), classes=5)).startswith("layer ")
    with pytest.raises(ClassesDiffer, match="Sequential ends with 5 outputs, but there are 7 clas"):
        plan(module, (3, 8, 8), classes=7)


@pytest.mark.parametrize(("thing", "kind"), [(None, "NoneType"), (3, "int"), ([], "list")])
def test_what_is_no_network_is_refused_with_what_is_one(thing: Any, kind: str) -> None:
    with pytest.raises(PlanError, match=f"a text, a name or an nn.Module; got {kind}"):
        plan(thing)


def test_a_function_of_the_users_own_is_found_in_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    (tmp_path / "net_of_a_user.py").write_text(
        "from torch import nn\n"
        "def make(): return nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(144, 2))\n"
    )
    monkeypatch.chdir(tmp_path)
    assert plan("net_of_a_user:make", (1, 8, 8)).parameters == 4 * 10 + 2 * 145


def test_a_module_that_is_not_there_is_named() -> None:
    pytest.importorskip("torch")
    with pytest.raises(CannotLoadModel, match="no_such_module_of_mine"):
        plan("no_such_module_of_mine:make")
