"""A kept classifier answers what was judged: paths, bytes and arrays, from several threads."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from striate.errors import BundleRefused, CannotTrain, FileFault, GraphRefused
from striate.grammar.plan import Plan
from striate.pictures.files import Pixels, decode
from striate.pictures.opening import open_data
from striate.shipping import eight_bits
from striate.shipping.agree import compared, made_pictures
from striate.shipping.classifier import Classifier, load
from striate.shipping.engine import Prepared, Probabilities
from striate.shipping.facts import facts_of
from striate.shipping.network import built, network_of, weights_of
from striate.shipping.opened import bundle_of
from striate.shipping.to_onnx import loaded, stamped, tensor_graph
from tests.verbs import made


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return load(made.photos().path)


def test_a_run_and_its_bundle_are_the_same_classifier(classifier: Classifier) -> None:
    other = load(made.photos().path / "bundle")
    assert other.classes == classifier.classes == ("cat", "dog")
    batch = [np.full((8, 8, 3), 90, np.uint8)]
    assert np.array_equal(other.probabilities(batch), classifier.probabilities(batch))


def test_a_path_its_bytes_and_its_pixels_have_one_answer(classifier: Classifier) -> None:
    path = made.photographs() / "dog" / "004.jpg"
    data = path.read_bytes()
    by_path, by_text, by_bytes, by_pixels = classifier.predict(
        [path, str(path), data, decode(data)]
    )
    assert by_path == by_text
    assert by_path.top == by_bytes.top
    assert by_pixels.top[0][1] == pytest.approx(by_path.top[0][1], abs=0.02)
    assert (by_path.path, by_bytes.path) == (str(path), "")
    assert [one.top for one in classifier.predict(path)] == [by_path.top]


def test_no_more_pictures_are_held_than_the_engine_asks_for(classifier: Classifier) -> None:
    class Few:
        name, at_once = "few", 2
        decode, prepare = classifier.engine.decode, classifier.engine.prepare

        def __init__(self) -> None:
            self.sizes: list[int] = []

        def probabilities(self, pictures: Sequence[Pixels]) -> Probabilities:
            self.sizes.append(len(pictures))
            return classifier.engine.probabilities(pictures)

    few = Few()
    found = Classifier(classifier.card, few).predict([made.photographs() / "dog" / "004.jpg"] * 5)
    assert [one.label for one in found] == [found[0].label] * 5
    assert few.sizes == [2, 2, 1]


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ("3x8x8: gap fc5", "gives 5 scores, and its card names 2 classes"),
        ("3x9x9: fc2", "cannot run it"),
        ("3x8x8: conv3-2", "does not give a row of numbers"),
    ],
)
def test_a_graph_that_does_not_fit_its_card_is_refused_and_no_answer_is_made_up(
    classifier: Classifier, tmp_path: Path, plan: str, words: str
) -> None:
    facts = facts_of(classifier.card, plan, "tensor")
    side = int(plan[2])
    data = tensor_graph(Plan.read(plan).build(), (3, side, side), facts)
    (tmp_path / "other.onnx").write_bytes(data)
    with pytest.raises(GraphRefused, match=words):
        load(tmp_path / "other.onnx").predict(np.zeros((20, 20, 3), np.uint8))


def test_a_picture_for_which_there_are_no_numbers_has_an_error(classifier: Classifier) -> None:
    found = classifier.answer("a.jpg", np.array([np.nan, 0.5]))
    assert (found.label, found.sure) == (None, None)
    assert found.error == "the network gives no numbers for it"


def test_probabilities_are_the_softmax_after_the_temperature_of_the_card(
    classifier: Classifier,
) -> None:
    logits = np.array([[2.0, -1.0], [800.0, 0.0]], np.float32)
    T = classifier.card["temperature"]
    wanted = 1 / (1 + np.exp(-3.0 / T))
    preparation = classifier.preparation
    engine = Prepared("fixed", preparation, T, lambda images: logits[: len(images)])
    found = engine.probabilities([np.zeros(preparation.shape, np.uint8)] * 2)
    assert found[0, 0] == pytest.approx(wanted, rel=1e-9)
    assert found[1] == pytest.approx([1, 0])


def test_digits_are_answered_as_they_were_judged() -> None:
    run, dataset = made.digits().path, open_data("digits")
    with open(run / "predictions.csv") as file:
        rows = list(csv.DictReader(file))[:40]
    at = {path: i for i, path in enumerate(dataset.paths)}
    given = [dataset.source.pixels(at[row["path"]], row["path"]) for row in rows]
    grey = [np.ascontiguousarray(one[..., :1]) for one in given]
    answers = load(run).predict(grey, top=1)
    assert [one.label for one in answers] == [row["label"] for row in rows]
    assert all(len(one.top) == 1 for one in answers)


def test_what_cannot_be_read_is_an_answer_with_the_reason(
    classifier: Classifier, tmp_path: Path
) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"\xff\xd8 no picture")
    good = made.photographs() / "cat" / "000.jpg"
    wrong = np.zeros((4, 4), np.uint8)
    found = classifier.predict(
        [tmp_path / "bad.jpg", good, tmp_path / "nowhere.jpg", wrong], batch=2
    )
    assert [one.label is None for one in found] == [True, False, True, True]
    assert found[2].path == str(tmp_path / "nowhere.jpg")
    assert "No such file" in (found[2].error or "")
    assert all(one.error for one in found if one.label is None)
    assert found[0].to_dict()["top"] == []


def test_the_size_of_a_batch_changes_no_answer(classifier: Classifier) -> None:
    paths = sorted((made.photographs() / "cat").iterdir())
    one, many = classifier.predict(paths, batch=1), classifier.predict(paths, batch=7)
    for a, b in zip(one, many, strict=True):
        assert a.label == b.label
        assert a.probability == pytest.approx(b.probability, abs=1e-5)


def test_several_threads_may_ask_at_a_time(classifier: Classifier) -> None:
    paths = sorted((made.photographs() / "dog").iterdir())[:8]
    wanted = classifier.predict(paths)
    with ThreadPoolExecutor(4) as crew:
        for found in crew.map(lambda _: classifier.predict(paths), range(8)):
            assert [one.label for one in found] == [one.label for one in wanted]


def test_answers_are_sure_from_the_threshold_on(classifier: Classifier) -> None:
    for one in classifier.predict(sorted((made.photographs() / "cat").iterdir())):
        assert one.sure == (one.probability >= classifier.card["threshold"])


def test_onnx_runtime_and_torch_are_one_function(classifier: Classifier) -> None:
    by_torch = load(made.photos().path, runtime="torch")
    assert (classifier.runtime, by_torch.runtime) == ("onnx", "torch")
    batch = list(made_pictures(classifier.preparation.shape, 70))
    found = compared(by_torch.probabilities(batch), classifier.probabilities(batch))
    assert found.is_kept, found


def test_the_network_of_a_bundle_is_in_evaluation_mode() -> None:
    network = network_of(bundle_of(made.photos().path))
    assert not any(part.training for part in network.modules())


def test_a_network_is_built_from_its_text() -> None:
    assert built("1x8x8: conv3p1-4 gap fc3", 3)(torch.zeros(1, 1, 8, 8)).shape == (1, 3)
    pytest.importorskip("timm")
    found = built("timm:resnet10t channels=1", 5).eval()
    assert found(torch.zeros(1, 1, 32, 32)).shape == (1, 5)


def test_weights_to_start_from_are_those_of_the_bundle() -> None:
    tensors = weights_of(made.digits().path)
    assert tensors["fc1.weight"].shape == (10, 4)
    assert bundle_of(made.digits().path).plan_text == made.MODEL


def test_a_damaged_bundle_an_unfinished_run_and_no_folder_are_refused(tmp_path: Path) -> None:
    run = made.copy(made.digits().path, tmp_path / "run")
    weights = run / "bundle" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    with pytest.raises(BundleRefused):
        load(run)
    (run / "bundle").rename(tmp_path / "gone")
    with pytest.raises(CannotTrain, match="not finished"):
        load(run)
    with pytest.raises(FileFault):
        load(tmp_path / "nowhere")


@pytest.mark.parametrize("reduced", [False, True], ids=["eight", "seven"])
def test_eight_bits_that_may_overflow_here_are_told(
    reduced: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = bundle_of(made.digits().path)
    told = facts_of(found.card, found.plan_text, "tensor") | {"int8": {"reduced_range": reduced}}
    (tmp_path / "m.onnx").write_bytes(stamped(loaded(found.graph() or b""), told))
    monkeypatch.setattr(eight_bits, "cpu_flags", lambda: frozenset({"sse2", "avx2"}))
    if reduced:
        assert load(tmp_path / "m.onnx").runtime == "onnx"
        return
    with pytest.warns(RuntimeWarning, match="this one has none: its sums may overflow"):
        load(tmp_path / "m.onnx")


def test_a_name_that_no_file_can_have_is_an_answer_with_an_error(classifier: Classifier) -> None:
    (answer,) = classifier.predict("a\0b.jpg")
    assert "null" in (answer.error or "")
