"""Verifying finds what is not what it says."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from striate.errors import BundleRefused, Disagrees, FileFault, GraphRefused, RunFault, StriateError
from striate.keeping import bundle
from striate.shipping.classifier import load
from striate.shipping.eight_bits import has_vnni
from striate.shipping.opened import bundle_of
from striate.shipping.to_onnx import loaded, stamped
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


def restamped(path: Path, source: Path, **facts: Any) -> Path:
    """The graph of a file under what another says of itself."""
    told = load(source).card | facts
    path.write_bytes(stamped(loaded(path.read_bytes()), told))
    return path


MEASURED = {"same_first": 0.98}


@pytest.mark.parametrize(
    "told", [True, {}, MEASURED, {"same_first": 0}], ids=["true", "none", "much", "nothing"]
)
def test_other_weights_are_found_though_they_are_said_to_be_eight_bits(
    told: object, exported: Path, tmp_path: Path
) -> None:
    made.followed(export(made.other_digits().path, Wanted(out=tmp_path / "m.onnx")))
    file = restamped(tmp_path / "m.onnx", exported, int8=told)
    with pytest.raises(Disagrees, match="in eight bits: the first class is the same|other answers"):
        verified(file, made.digits().path)


def test_eight_bits_must_keep_what_their_export_measured(tmp_path: Path) -> None:
    file = tmp_path / "m.onnx"
    made.followed(export(made.digits().path, Wanted(int8=True, max_drop=1, out=file)))
    told = load(file).card["int8"]
    found = verified(file, made.digits().path)
    assert found.same_first is not None
    assert 0.8 < told["same_first"] < 1
    assert found.same_first == pytest.approx(told["same_first"], abs=0.05)
    assert told["reduced_range"] is not has_vnni()
    restamped(file, file, int8=told | {"same_first": 1.0})
    with pytest.raises(Disagrees, match=r"98\.44% is the least"):
        verified(file, made.digits().path)


def test_a_file_that_names_other_weights_is_refused(exported: Path, tmp_path: Path) -> None:
    file = tmp_path / "m.onnx"
    file.write_bytes(exported.read_bytes())
    assert load(file).card["weights_sha256"] == sha256(made.digits().path / "bundle")
    restamped(file, file, weights_sha256="0" * 64)
    with pytest.raises(Disagrees, match="of other weights"):
        verified(file, made.digits().path)


def sha256(bundle: Path) -> str:
    return hashlib.sha256((bundle / "model.safetensors").read_bytes()).hexdigest()


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
