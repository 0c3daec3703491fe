"""Verifying finds what is not what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from striate.errors import BundleRefused, Disagrees, FileFault, GraphRefused, RunFault, StriateError
from striate.keeping import bundle
from striate.shipping.opened import bundle_of
from striate.verbs.export import Wanted, export
from striate.verbs.verify import Verified, verify
from tests.verbs import made


def verified(path: Path | str, against: Path | None = None) -> Verified:
    _, found = made.followed(verify(path, against))
    assert isinstance(found, Verified)
    return found


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("verify") / "model.onnx"
    made.followed(export(made.digits().path, Wanted(out=out)))
    return out


def test_a_run_is_compared_with_its_own_weights() -> None:
    found = verified(made.digits().path)
    assert found.agreement is not None
    assert found.agreement.is_kept
    assert len(found.checks) == 3
    assert found.to_dict()["verified"]


def test_an_exported_file_is_compared_on_the_pictures_of_its_run(exported: Path) -> None:
    found = verified(exported, made.digits().path)
    assert found.agreement is not None
    assert found.agreement.pictures == 256
    assert found.same_first == 1


def test_a_file_alone_says_that_there_is_nothing_to_compare_it_with(exported: Path) -> None:
    events, found = made.followed(verify(exported))
    assert found.agreement is None
    assert any("--against" in getattr(one, "text", "") for one in events)


def test_the_file_of_another_run_is_refused(exported: Path) -> None:
    with pytest.raises(Disagrees, match="from another run"):
        verified(exported, made.photos().path)
    with pytest.raises(Disagrees):
        verified(exported, made.other_digits().path)


def test_a_graph_of_other_weights_in_a_bundle_is_found(tmp_path: Path) -> None:
    mine, other = bundle_of(made.digits().path), bundle_of(made.other_digits().path)
    bundle.write(tmp_path / "mixed", mine.tensors(), mine.plan_text, mine.card, other.graph())
    with pytest.raises(Disagrees, match="other answers than its own weights"):
        verified(tmp_path / "mixed")


FAULTS: list[tuple[str, Any, type[StriateError]]] = [
    ("cut.onnx", lambda data: data[: len(data) // 2], GraphRefused),
    ("empty.onnx", lambda _: b"", GraphRefused),
    ("text.onnx", lambda _: b"hello", GraphRefused),
    ("no.striate", lambda _: b"hello", BundleRefused),
]


@pytest.mark.parametrize(("name", "change", "fault"), FAULTS)
def test_damage_is_found(
    name: str, change: Any, fault: type[StriateError], exported: Path, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(change(exported.read_bytes()))
    with pytest.raises(fault):
        verified(tmp_path / name)


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileFault, match="cannot be read"):
        verified(tmp_path / "nowhere.onnx")
    with pytest.raises(RunFault):
        verified(tmp_path / "nowhere")
