"""Exporting leaves a file only where it is the network it came from."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from striate.errors import CannotTrain, Disagrees, FileFault, GraphRefused, LosesTooMuch
from striate.keeping import bundle
from striate.shipping import agree
from striate.shipping.classifier import load
from striate.shipping.opened import bundle_of
from striate.verbs import export as verb
from striate.verbs.export import Exported, Wanted, export
from striate.verbs.train_order import Order, Said
from striate.verbs.verify import verify
from tests.verbs import made


def exported(path: Path | str, wanted: Wanted) -> tuple[list[Any], Exported]:
    events, done = made.followed(export(path, wanted))
    assert isinstance(done, Exported)
    return events, done


def test_a_run_becomes_one_file_in_its_folder_for_exports(tmp_path: Path) -> None:
    run = made.copy(made.digits().path, tmp_path / "run")
    _, done = exported(run, Wanted())
    assert done.path == run / "export" / "model.onnx"
    assert done.real
    assert done.agreement is not None
    assert done.agreement.pictures == 64
    assert done.agreement.largest <= agree.MOST
    assert load(done.path).classes == load(run).classes


def test_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    for form, end in (("onnx", "onnx"), ("onnx-tensor", "onnx"), ("bundle", "striate")):
        paths = [tmp_path / f"{form}{i}.{end}" for i in range(2)]
        for path in paths:
            exported(made.digits().path, Wanted(form, out=path))  # type: ignore[arg-type]
        assert paths[0].read_bytes() == paths[1].read_bytes()


def test_a_bundle_alone_is_compared_on_made_pictures_and_says_so(tmp_path: Path) -> None:
    events, done = exported(made.digits().path / "bundle", Wanted(out=tmp_path / "m.onnx"))
    assert not done.real
    assert any("made ones are compared" in one.text for one in events if isinstance(one, Said))


def test_a_bundle_from_before_there_was_onnx_is_exported_too(tmp_path: Path) -> None:
    golden = Path(__file__).resolve().parents[1] / "golden" / "bundle-1"
    _, done = exported(golden, Wanted(out=tmp_path / "old.onnx"))
    pixels = np.zeros((9, 9, load(golden).preparation.channels), np.uint8)
    one, other = (load(path).predict(pixels)[0].top for path in (golden, done.path))
    assert [name for name, _ in one] == [name for name, _ in other]
    assert [p for _, p in one] == pytest.approx([p for _, p in other], abs=1e-5)
    with pytest.raises(GraphRefused, match=r"holds no model\.onnx"):
        load(golden, runtime="onnx")


def test_a_bundle_from_before_there_was_onnx_gets_one_as_one_file(tmp_path: Path) -> None:
    golden = Path(__file__).resolve().parents[1] / "golden" / "bundle-1"
    out = tmp_path / "old.striate"
    _, done = exported(golden, Wanted("bundle", out=out))
    assert done.agreement is not None
    assert done.agreement.is_kept
    assert load(out, runtime="onnx").runtime == "onnx"  # what the base install needs
    assert bundle_of(out).weights == bundle_of(golden).weights


def test_a_bundle_whose_one_file_would_answer_otherwise_is_not_left(tmp_path: Path) -> None:
    mine, other = bundle_of(made.digits().path), bundle_of(made.other_digits().path)
    mixed = tmp_path / "mixed"
    bundle.write(mixed, mine.tensors(), mine.plan_text, mine.card, other.graph())
    with pytest.raises(Disagrees, match=r"its model\.onnx gives other answers"):
        made.followed(export(mixed, Wanted("bundle", out=tmp_path / "m.striate")))
    assert list(tmp_path.iterdir()) == [mixed]


def test_every_form_says_from_which_weights_it_is(tmp_path: Path) -> None:
    weights = (made.digits().path / "bundle" / "model.safetensors").read_bytes()
    for form in ("onnx", "onnx-tensor"):
        _, done = exported(made.digits().path, Wanted(form, out=tmp_path / f"{form}.onnx"))
        told = load(done.path).card["weights_sha256"]
        assert told == hashlib.sha256(weights).hexdigest()


def test_a_file_that_disagrees_is_not_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = verb._tensor

    def other_temperature(found: Any, tensor: bytes, lost: Any) -> bytes:
        card = found.card | {"temperature": found.card["temperature"] * 1.01}
        return with_preparation(
            type(found)(found.path, found.plan_text, card, found.weights), tensor, lost
        )

    with_preparation = verb._with_preparation
    monkeypatch.setattr(verb, "_with_preparation", other_temperature)
    assert wrong is verb._tensor
    with pytest.raises(Disagrees, match="other answers than the network it came from"):
        made.followed(export(made.digits().path, Wanted(out=tmp_path / "m.onnx")))
    assert not list(tmp_path.iterdir())


def test_eight_bits_tell_what_they_cost(tmp_path: Path) -> None:
    _, done = exported(made.digits().path, Wanted(int8=True, max_drop=1, out=tmp_path / "m.onnx"))
    assert done.int8 is not None
    assert done.int8.count == 270
    low, high = done.int8.interval_95
    assert low <= done.int8.difference <= high
    assert load(done.path).card["int8"]["count"] == 270
    _, told = made.followed(verify(done.path, made.digits().path))
    assert told.same_first > 0.8


def test_eight_bits_that_cost_too_much_leave_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = verb._labels
    calls = []

    def worse(*given: Any) -> Any:
        found = yield from labels(*given)
        calls.append(1)
        return found if len(calls) == 1 else [(one + 1) % 10 for one in found]

    monkeypatch.setattr(verb, "_labels", worse)
    with pytest.raises(
        LosesTooMuch, match=r"fp32 has \d+\.\d\d% of val right and int8 .* 1\.00% is allowed"
    ):
        made.followed(export(made.digits().path, Wanted(int8=True, out=tmp_path / "m.onnx")))
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_done_is_said_before_anything_is_made(tmp_path: Path) -> None:
    held = made.digits().path / "bundle"
    with pytest.raises(CannotTrain, match="eight bits are calibrated and judged on pictures"):
        made.followed(export(held, Wanted(int8=True, out=tmp_path / "m.onnx")))
    with pytest.raises(CannotTrain, match="a bundle carries fp32 alone"):
        made.followed(export(held, Wanted("bundle", int8=True)))
    with pytest.raises(FileFault, match=r"should end in \.onnx"):
        made.followed(export(held, Wanted(out=tmp_path / "m.pt")))
    with pytest.raises(FileFault, match="is a folder"):
        made.followed(export(held, Wanted(out=tmp_path)))
    there = tmp_path / "there.onnx"
    there.write_text("mine")
    with pytest.raises(FileFault, match="is there"):
        made.followed(export(held, Wanted(out=there)))
    assert there.read_text() == "mine"
    exported(held, Wanted(out=there, overwrite=True))


def test_a_file_beside_a_bundle_is_never_replaced_unasked(tmp_path: Path) -> None:
    held = tmp_path / "model.striate"
    exported(made.digits().path, Wanted("bundle", out=held))
    before = held.read_bytes()
    _, done = exported(held, Wanted())
    assert done.path == tmp_path / "model.onnx"
    first = done.path.read_bytes()
    with pytest.raises(FileFault, match=r"model\.onnx is there"):
        made.followed(export(held, Wanted()))
    assert done.path.read_bytes() == first
    for overwrite in (False, True):
        with pytest.raises(FileFault, match="is what is exported"):
            made.followed(export(held, Wanted("bundle", overwrite=overwrite)))
    assert held.read_bytes() == before
    assert exported(held, Wanted(overwrite=True))[1].path == done.path


def test_the_pictures_of_a_run_that_are_gone_are_replaced_by_others(tmp_path: Path) -> None:
    data = tmp_path / "photos"
    shutil.copytree(made.photographs(), data)
    run = made.trained(Order(str(data), made.COLOURED), tmp_path / "run").path
    shutil.rmtree(data)
    events, done = exported(run, Wanted(out=tmp_path / "a.onnx"))
    assert not done.real
    assert any("photos" in one.text for one in events if isinstance(one, Said))
    wanted = Wanted(data=str(made.photographs()), out=tmp_path / "b.onnx")
    assert exported(run, wanted)[1].real


WITHOUT_TORCH = """
import sys
for name in ("torch", "torchvision", "onnx", "safetensors", "sklearn", "matplotlib", "onnxscript"):
    sys.modules[name] = None
import striate
for path in sys.argv[1:-1]:
    (answer,) = striate.load(path).predict(sys.argv[-1])
    print(answer.label, round(answer.probability, 4))
"""


def test_the_base_install_answers_from_every_form(tmp_path: Path) -> None:
    run, picture = made.photos().path, made.photographs() / "dog" / "004.jpg"
    paths = [run, run / "bundle"]
    for form, end in (("onnx", "onnx"), ("onnx-tensor", "onnx"), ("bundle", "striate")):
        paths.append(tmp_path / f"{form}.{end}")
        exported(run, Wanted(form, out=paths[-1]))  # type: ignore[arg-type]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, *map(str, paths), str(picture)],
        capture_output=True, text=True, check=False, env=dict(os.environ),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 5
    assert len(set(lines)) == 1
