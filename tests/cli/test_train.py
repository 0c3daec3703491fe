"""`striate train` as a user types it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from striate.cli.train import headline, spread
from striate.verbs import train_pace
from tests.verbs import made

DATA = ("digits", "--model", made.MODEL, *made.FLAGS)
SCORE = {
    "accuracy": 0.9125, "interval_95": [0.9, 0.92], "count": 1200, "ece_before": 0.1234, "ece_after": 0.02
}  # fmt: skip


def test_people_get_the_scores_and_the_place_of_the_report(
    striate: Callable, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    done = striate("train", *DATA, "-o", str(run))
    assert done.code == 0, done.err
    first, val, test, report = done.out.splitlines()
    assert first.startswith("val accuracy  ")
    scores = made.digits().scores
    assert val == headline("val", scores["val"], optimistic=False)
    assert test == headline("test", scores["test"], optimistic=False)
    assert report == f"report: {run}/report.html"
    assert f"run: {run}" in done.err
    assert "step 19  train " in done.err
    facts = json.loads((run / "run.json").read_text())
    assert facts["options"] == made.digits().order.to_dict()
    kept = made.digits().path / "bundle" / "model.safetensors"
    assert (run / "bundle" / "model.safetensors").read_bytes() == kept.read_bytes()


def test_json_is_one_object_with_the_run_and_its_scores_and_quiet_says_nothing(
    striate: Callable, tmp_path: Path
) -> None:
    done = striate("train", *DATA, "-o", str(tmp_path / "run"), "--json", "-q")
    found = json.loads(done.out)
    assert list(found)[:2] == ["schema_version", "run"]
    assert found["run"] == str(tmp_path / "run")
    for name in (
        "accuracy",
        "interval_95",
        "loss",
        "ece_before",
        "ece_after",
        "per_class",
        "confusion",
    ):
        assert name in found["test"]
    assert done.err == ""


def test_several_seeds_make_several_runs_and_a_spread(striate: Callable, tmp_path: Path) -> None:
    given = (str(made.photographs()), "--model", made.COLOURED, *made.FLAGS, "--no-copies")
    done = striate("train", *given, "--repeat", "2", "-o", str(tmp_path / "r"), "--json", "-q")
    found = json.loads(done.out)
    assert [one["run"] for one in found["runs"]] == [str(tmp_path / f"r-{i}") for i in (1, 2)]
    seeds = [json.loads((tmp_path / f"r-{i}" / "run.json").read_text())["seed"] for i in (1, 2)]
    assert seeds == [0, 1]
    accuracies = [one["test"]["accuracy"] for one in found["runs"]]
    assert found["spread"]["test"]["mean"] == pytest.approx(sum(accuracies) / 2)


def test_without_a_place_a_run_lies_in_runs_and_is_the_latest(
    striate: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    given = (str(made.photographs()), "--model", made.COLOURED, *made.FLAGS, "--no-copies")
    assert striate("train", *given, "-q").code == 0
    shown = json.loads(striate("runs", "show", "latest", "--json").out)
    assert shown["status"] == "finished"
    assert Path(shown["path"]).parent == Path("runs")


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        (("--budget", "5x"), 2, "'5x' is no time"),
        (("--budget", "5m", "--epochs", "2"), 2, "two answers to one question"),
        (("--set", "optimiser.nam=adam"), 2, "did you mean optimiser.name"),
        (("--set", "batch"), 2, "has no `=`"),
        (("--recipe", "nowhere.toml"), 2, "nowhere.toml cannot be read"),
        (("--model", "resnt18"), 4, "did you mean `resnet18`"),
        (("--repeat", "0"), 2, "--repeat"),
        (("--pretrained=nowhere.pth",), 3, "no file nowhere.pth"),
        (("--val", "2"), 3, "leave nothing for training"),
        (("--epochs", "0"), 2, "0 epochs would train nothing"),
        (("--epochs", "-2"), 2, "-2 epochs would train nothing"),
        (("--repeat", "2", "--dry-run"), 2, "several seeds, and --dry-run trains nothing"),
        (("--repeat", "2", "--find-lr"), 2, "several seeds, and --find-lr trains nothing"),
        (("--dry-run", "--find-lr"), 2, "two things to do instead of training"),
        (("--from", "runs/a", "--pretrained"), 2, "two answers to which weights"),
        (("--set", "optimiser.name=adamw", "--set", "optimiser.coupled=yes"), 2, "no coupled decay"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_answered_in_one_sentence_and_leaves_nothing(
    striate: Callable, tmp_path: Path, given: tuple[str, ...], code: int, words: str
) -> None:
    done = striate("train", "digits", *given, "-o", str(tmp_path / "run"))
    assert done.code == code
    assert words in " ".join(done.err.split())
    assert done.out == ""
    assert not list(tmp_path.iterdir())


def test_a_dry_run_prints_the_plan_and_the_recipe(
    striate: Callable, monkeypatch: pytest.MonkeyPatch, golden: Callable
) -> None:
    monkeypatch.setattr(train_pace, "pictures_per_second", lambda *_: 1000.0)
    done = striate("train", *DATA, "--dry-run")
    assert done.code == 0
    golden("train_dry.out", done.out)
    found = json.loads(striate("train", *DATA, "--dry-run", "--json").out)
    assert found["steps"] == 19
    assert found["recipe"]["batch"] == 64


def test_a_range_test_prints_rates(striate: Callable, tmp_path: Path) -> None:
    page = tmp_path / "rates.html"
    given = (str(made.photographs()), "--model", made.COLOURED, *made.FLAGS, "--no-copies", "-q")
    done = striate("train", *given, "--find-lr", "-o", str(page), "--json")
    found = json.loads(done.out)
    assert found["plot"] == str(page)
    assert found["tried"]
    assert done.err == ""


def test_a_range_test_leaves_its_plot_in_this_folder_beside_an_older_one(
    striate: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rates.html").write_text("an older plot")
    given = (str(made.photographs()), "--model", made.COLOURED, *made.FLAGS, "--no-copies", "-q")
    done = striate("train", *given, "--find-lr")
    assert done.out.strip().endswith("plot: rates-2.html")
    assert (tmp_path / "rates-2.html").read_text().startswith("<!doctype html>")
    assert (tmp_path / "rates.html").read_text() == "an older plot"


@pytest.mark.parametrize("split", ["val", "test", "train", "all"])
def test_a_headline_is_one_line(split: str) -> None:
    assert headline(split, SCORE, optimistic=False) == (
        f"{split:4} accuracy 91.25% (95 %: 90.00% to 92.00%) on 1,200 pictures; "
        "calibration error 0.123 → 0.020"
    )
    assert ("optimistic" in headline(split, SCORE, optimistic=True)) == (split != "test")


def test_a_spread_has_mean_and_deviation_of_the_runs_that_have_the_split() -> None:
    found = spread([{"val": {"accuracy": 0.5}}, {"val": {"accuracy": 0.7}}])["spread"]
    assert set(found) == {"val"}
    assert found["val"]["mean"] == pytest.approx(0.6)
    assert found["val"]["deviation"] == pytest.approx(0.1 * 2**0.5)
