"""After the last step: what is written can be computed again from the predictions and the network."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from striate.keeping import bundle
from striate.pictures.files import to_jpeg
from striate.shipping.classifier import load
from striate.verbs.train_judging import told
from striate.verbs.train_order import Order
from tests.verbs import made


def rows_of(run: Path) -> list[dict[str, str]]:
    with open(run / "predictions.csv") as file:
        return list(csv.DictReader(file))


def test_the_predictions_are_those_of_the_kept_network_after_temperature() -> None:
    run = made.photos().path
    classifier = load(run)
    for row in rows_of(run):
        (answer,) = classifier.predict(made.photographs() / row["path"], top=2)
        share = dict(answer.top)
        assert answer.label == row["label"]
        assert share[row["label"]] == pytest.approx(float(row["probability"]), abs=2e-5)
        assert -np.log(share[row["truth"]]) == pytest.approx(float(row["loss"]), abs=1e-4)
        assert str(int(bool(answer.sure))) == row["sure"]


def test_temperature_and_threshold_come_from_val_alone(tmp_path: Path) -> None:
    """Other labels in test change its scores, and neither of the two."""
    lines = (made.photos().path / "splits.csv").read_text().splitlines()
    place = tmp_path / "set"
    place.mkdir()
    (place / "m.csv").write_text(
        "\n".join(
            ["path,label,split"]
            + [
                f"{made.photographs()}/{p},{'dog' if s == 'test' and label == 'cat' else label},{s}"
                for p, label, s, *_ in (line.split(",") for line in lines[1:])
            ]
        )
    )
    told_ = made.trained(Order(str(place / "m.csv"), made.COLOURED), tmp_path / "run")
    for name in ("temperature", "threshold"):
        assert told_.scores[name] == pytest.approx(made.photos().scores[name], rel=1e-6)
    assert told_.scores["test"]["confusion"][0] == [0, 0]


def test_without_a_test_split_val_is_called_optimistic(tmp_path: Path) -> None:
    order = Order(str(made.photographs()), made.COLOURED, test=0)
    run = made.trained(order, tmp_path / "run")
    assert run.scores["optimistic"] is True
    assert "test" not in run.scores
    assert made.photos().scores["optimistic"] is False
    card = json.loads((run.path / "bundle" / "card.json").read_text())
    assert list(card["scores"]) == ["val"]
    told = run.scores["val"]["abstention"]
    sure = [row for row in rows_of(run.path) if row["sure"] == "1"]
    assert told["threshold"] == run.scores["threshold"] == card["threshold"]
    assert told["answered"] == len(sure)


def test_the_threshold_is_counted_on_the_probabilities_that_are_told(tmp_path: Path) -> None:
    """Without test, val's own figures are cross-fitted; the answers that are given are not."""
    order = Order("digits", made.MODEL, test=0, val=0.3)
    run = made.trained(order, tmp_path / "run", made.recipe(epochs=2, precision_wanted=0.8))
    told = run.scores["val"]["abstention"]
    rows = rows_of(run.path)
    sure = [row for row in rows if float(row["probability"]) >= run.scores["threshold"]]
    assert 0 < told["answered"] == len(sure) < len(rows)
    assert [row["sure"] for row in rows].count("1") == len(sure)
    right = sum(row["label"] == row["truth"] for row in sure)
    assert told["precision"] == pytest.approx(right / len(sure))


def test_the_card_says_what_the_run_says() -> None:
    told_ = made.digits()
    card = bundle.read(told_.path / "bundle").card
    facts = json.loads((told_.path / "run.json").read_text())
    assert card["classes"] == [str(i) for i in range(10)]
    assert card["temperature"] == told_.scores["temperature"]
    assert card["threshold"] == told_.scores["threshold"]
    assert card["preparation"] == facts["preparation"]
    assert card["data"]["fingerprint"] == facts["data"]["fingerprint"]
    for split in ("val", "test"):
        assert card["scores"][split]["accuracy"] == told_.scores[split]["accuracy"]
    assert "How good it is" in (told_.path / "MODEL_CARD.md").read_text()


def test_slices_by_class_count_what_the_predictions_say() -> None:
    rows = [row for row in rows_of(made.digits().path) if row["split"] == "test"]
    found = made.digits().scores["slices"]["class"]
    assert found
    for one in found:
        mine = [row for row in rows if row["truth"] == one["name"]]
        right = sum(row["label"] == row["truth"] for row in mine)
        assert one["count"] == len(mine)
        assert one["accuracy"] == pytest.approx(right / len(mine))


def test_slices_by_size_are_of_the_files_and_not_of_what_was_made_of_them(tmp_path: Path) -> None:
    place = made.folder(tmp_path / "set", counts=(60, 60))
    for i, path in enumerate(sorted(place.rglob("*.jpg"))):
        if i % 2:
            path.write_bytes(to_jpeg(np.full((90, 80, 3), i, np.uint8)))
    order = Order(str(place), made.COLOURED, val=0.3, test=0.4, look_for_copies=False)
    run = made.trained(order, tmp_path / "run")
    found = run.scores["slices"]["size"]
    rows = [row for row in rows_of(run.path) if row["split"] == "test"]
    large = [row for row in rows if is_large(place, row)]
    assert found[-1]["count"] == len(large)
    right = sum(row["label"] == row["truth"] for row in large)
    assert found[-1]["accuracy"] == pytest.approx(right / len(large))
    assert sum(one["count"] for one in found) <= len(rows)
    assert "size" not in made.digits().scores["slices"], "all of one size"


def is_large(place: Path, row: dict[str, str]) -> bool:
    with Image.open(place / row["path"]) as image:
        return image.size == (80, 90)


def test_copies_of_train_are_left_out_of_a_second_score_and_that_is_a_warning(
    tmp_path: Path,
) -> None:
    place = made.folder(tmp_path / "set")
    lines, names = ["path,label,split"], ["train"] * 12 + ["val"] * 4 + ["test"] * 4
    for kind in ("cat", "dog"):
        lines += [f"{kind}/{i:03}.jpg,{kind},{split}" for i, split in enumerate(names)]
        (place / kind / "019.jpg").write_bytes((place / kind / "000.jpg").read_bytes())
    (tmp_path / "s.csv").write_text("\n".join(lines) + "\n")
    order = Order(str(place), made.COLOURED, splits=str(tmp_path / "s.csv"))
    run = made.trained(order, tmp_path / "run")
    assert run.scores["without_copies"]["test"]["count"] == 6
    assert "val" not in run.scores["without_copies"]
    assert any(text.startswith("test without copies of train:") for text in run.texts)


def test_copies_are_left_out_by_name_where_files_before_them_cannot_be_read(tmp_path: Path) -> None:
    place = made.folder(tmp_path / "set", bad=(1, 2))
    lines, names = ["path,label,split"], ["train"] * 12 + ["val"] * 4 + ["test"] * 4
    for kind in ("cat", "dog"):
        lines += [f"{kind}/{i:03}.jpg,{kind},{split}" for i, split in enumerate(names)]
    (place / "dog" / "019.jpg").write_bytes((place / "dog" / "000.jpg").read_bytes())
    (tmp_path / "s.csv").write_text("\n".join(lines) + "\n")
    order = Order(str(place), made.COLOURED, splits=str(tmp_path / "s.csv"), skip_bad=True)
    run = made.trained(order, tmp_path / "run")
    rows = [row for row in rows_of(run.path) if row["split"] == "test"]
    assert len(rows) == 8
    kept = [row for row in rows if row["path"] != "dog/019.jpg"]
    right = sum(row["label"] == row["truth"] for row in kept)
    found = run.scores["without_copies"]["test"]
    assert (found["count"], found["accuracy"]) == (7, pytest.approx(right / 7))


@pytest.mark.parametrize("pictures", [1, 2])
def test_a_val_of_a_few_pictures_and_no_test_do_not_lose_the_training(
    tmp_path: Path, pictures: int
) -> None:
    place = made.folder(tmp_path / "set", counts=(6, 6))
    names = ["train"] * (6 - pictures) + ["val"] * pictures
    lines = ["path,label,split"]
    for kind in ("cat", "dog"):
        lines += [f"{kind}/{i:03}.jpg,{kind},{split}" for i, split in enumerate(names)]
    if pictures == 1:
        lines.pop()  # one picture of val in all
        (place / "dog" / "005.jpg").unlink()
    (tmp_path / "s.csv").write_text("\n".join(lines) + "\n")
    order = Order(str(place), made.COLOURED, splits=str(tmp_path / "s.csv"))
    run = made.trained(order, tmp_path / "run")
    assert "test" not in run.scores
    assert run.scores["val"]["count"] == 2 * pictures - (pictures == 1)


def test_a_second_score_is_told_in_one_line() -> None:
    one = {"accuracy": 0.5, "interval_95": [0.25, 0.75], "count": 1200}
    assert list(told({"without_copies": {"val": one}})) == [
        "val without copies of train: 50.00% (95 %: 25.00% to 75.00%) on 1,200 pictures"
    ]
    assert not list(told({}))
