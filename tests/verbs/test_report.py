"""`report` as a function: which files it reads, where it writes, and what it does when parts are missing."""

from __future__ import annotations

import base64
import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from striate.cli.main import VERBS
from striate.errors import FileFault, RunFault
from striate.pictures.files import decode, to_png
from striate.verbs.report import report
from tests.pages import runs
from tests.pages.reading import Read

PARTS = {
    "metrics.json": "scores", "classes.json": "names of classes", "metrics.csv": "learning curves",
    "splits.csv": "pictures of each class", "predictions.csv": "single pictures", "recipe.toml": "recipe",
    "bundle/card.json": "licence of the weights",
}  # fmt: skip


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run on pictures that are nowhere: most of the page needs none."""
    splits = ["train", "val", "test"] * 12
    rows = [(f"{c}/{i}.jpg", c, split) for c in "abc" for i, split in enumerate(splits)]
    return runs.make_run(tmp_path / "run", rows, "gone/for ever")


def pictures(folder: Path, rng: np.random.Generator, count: int, side: int = 120) -> list[runs.Row]:
    """Noise, the worst for the size of a JPEG, under many names of two classes; a third is train."""
    rows, noise = [], to_png(rng.integers(0, 256, (side, side, 3), dtype=np.uint8))
    for i in range(count):
        label, split = "ab"[i % 2], ("train", "test", "test")[i % 3]
        path = folder / split / label / f"{i:03d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(noise)
        rows.append((path.relative_to(folder).as_posix(), label, split))
    return rows


def all_wrong(run: Path, rows: list[runs.Row]) -> None:
    """Let every picture of test be named wrongly."""
    other = {"a": "b", "b": "a"}
    held = [(p, s, t, other[t], 0.9, 1, 2.5) for p, t, s in rows if s == "test"]
    columns = ("path", "split", "truth", "label", "probability", "sure", "loss")
    runs.write_table(run / "predictions.csv", columns, held)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def change(path: Path, **names: Any) -> None:
    runs.write_json(path, {**json.loads(path.read_text()), **names})


def read(path: Path) -> Read:
    found = Read(path.read_text(encoding="utf-8"))
    assert not found.faults
    return found


def test_it_writes_one_file_into_the_run_and_changes_nothing_else(run: Path) -> None:
    before = contents(run)
    assert report(run) == run / "report.html"
    after = contents(run)
    assert set(after) - set(before) == {"report.html"}
    assert {name: after[name] for name in before} == before
    again = after["report.html"]
    report(run)
    assert (run / "report.html").read_bytes() == again


def test_thumbnails_are_those_of_the_pictures_named(tmp_path: Path) -> None:
    from striate.pictures.opening import open_data

    dataset = open_data("digits")
    run = runs.make_run(
        tmp_path / "run", [(r.path, r.label, r.split) for r in dataset][:300], "digits"
    )
    images = read(report(run)).all("img")
    assert images
    for held in images:
        jpeg = base64.b64decode(held["src"].partition("base64,")[2])
        shown = decode(jpeg).astype(int)
        wanted = dataset.pixels(list(dataset.paths).index(held["alt"])).astype(int)
        assert shown.shape == wanted.shape
        assert np.abs(shown - wanted).mean() < 20


def test_two_hundred_pictures_stay_below_three_megabytes(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    rows = pictures(tmp_path / "data", rng, 200)
    run = runs.make_run(tmp_path / "run", rows, str(tmp_path / "data"))
    all_wrong(run, rows)
    before = contents(tmp_path / "data")
    written = report(run)
    assert len(read(written).all("img")) >= 120
    assert written.stat().st_size < 3_000_000
    assert contents(tmp_path / "data") == before


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("is_damaged", [False, True])
def test_a_missing_or_damaged_part_is_said_on_the_page(
    run: Path, name: str, is_damaged: bool
) -> None:
    if is_damaged:
        (run / name).write_bytes(b'{"\xff, 7\n[x')
    else:
        (run / name).unlink()
    text = read(report(run)).text
    said = re.search(rf"^{PARTS[name]}: (.*)$", text, re.MULTILINE)
    assert said is not None
    assert Path(name).name in said[1]
    assert ("is not there" in said[1]) != is_damaged


def test_damaged_timings_are_said_and_missing_ones_are_not(run: Path) -> None:
    (run / "timings.csv").write_text("step,seconds,pictures_per_second\n1,x,y\n")
    assert "speed of training: timings.csv cannot be read" in read(report(run)).text
    (run / "timings.csv").unlink()
    text = read(report(run)).text
    assert "timings.csv" not in text
    assert "pictures a second" not in text


def test_a_run_that_goes_on_lacks_nothing_that_comes_at_its_end(run: Path) -> None:
    change(run / "run.json", status="running", finished=None)
    for name in ("metrics.json", "predictions.csv", "bundle/card.json"):
        (run / name).unlink()
    text = read(report(run)).text
    assert "This run was interrupted before its end." in text  # nobody works in it
    assert not [name for name in PARTS if f"{name} is not there" in text]
    assert f"striate resume {shlex.quote(str(run))}" in text


def test_only_a_folder_without_a_readable_run_json_is_refused(run: Path) -> None:
    (run / "run.json").write_text("{")
    with pytest.raises(FileFault, match=r"run\.json"):
        report(run)
    (run / "run.json").unlink()
    with pytest.raises(RunFault, match="is no run"):
        report(run)
    assert not (run / "report.html").exists()


def test_data_that_cannot_be_opened_cost_only_the_thumbnails(run: Path) -> None:
    found = read(report(run))
    assert "thumbnails: the data cannot be opened here, 'gone/for ever' is no folder" in found.text
    assert not found.all("img")
    assert "said to be" in found.text


def test_pictures_that_moved_or_have_a_new_label_are_counted(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    data = tmp_path / "data"
    rows = pictures(data, rng, 30, side=20)
    run = runs.make_run(tmp_path / "run", rows, str(data))
    all_wrong(run, rows)
    change(run / "metrics.json", suspects=[])
    tested = [path for path, _, split in rows if split == "test"]
    (data / tested[0]).unlink()
    (data / tested[1]).rename(data / "test" / "a" / "new name.png")
    text = read(report(run)).text
    assert "another label" not in text
    assert f"2 of {len(tested)} thumbnails: the data have no such paths any more" in text
    columns = ("path", "split", "truth", "label", "probability", "sure", "loss")
    runs.write_table(
        run / "predictions.csv", columns, [(tested[3], "test", "zebra", "a", 0.9, 1, 2.5)]
    )
    text = read(report(run)).text
    assert "1 of the pictures shown have another label in the data than in the run" in text


def test_names_from_files_are_shown_and_never_obeyed(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    data = tmp_path / "<img src=x onerror=alert(1)>"
    rows = []
    for i in range(12):
        label = ("<script>alert(2)</script>".replace("/", "∕"), "b & 'c'")[i % 2]
        path = data / ("train", "test")[i % 4 > 1] / label / f'"{i}" onload=x.png'
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(to_png(rng.integers(0, 256, (9, 9, 3), dtype=np.uint8)))
        rows.append((path.relative_to(data).as_posix(), label, path.parts[-3]))
    run = runs.make_run(tmp_path / "run", rows, str(data))
    labels = sorted({label for _, label, _ in rows})
    columns = ("path", "split", "truth", "label", "probability", "sure", "loss")
    wrong = [(p, s, t, labels[t == labels[0]], 0.9, 1, 2.5) for p, t, s in rows if s == "test"]
    runs.write_table(run / "predictions.csv", columns, wrong)
    found = read(report(run))
    assert len([held for held in found.all("img") if held["alt"].endswith("onload=x.png")]) >= len(
        wrong
    )
    assert not found.all("script")
    assert all(held["src"].startswith("data:image/jpeg") for held in found.all("img"))
    assert not [name for _, held in found.tags for name in held if name.startswith("on")]
    assert labels[0] in found.text


def test_another_place_is_taken_but_never_one_in_the_data(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    rows = pictures(tmp_path / "data", rng, 12, side=9)
    run = runs.make_run(tmp_path / "run", rows, str(tmp_path / "data"))
    assert report(run, tmp_path / "page.html") == tmp_path / "page.html"
    assert not (run / "report.html").exists()
    with pytest.raises(FileFault, match="lies in the data"):
        report(run, tmp_path / "data" / "page.html")
    with pytest.raises(FileFault, match="cannot be written"):
        report(run, tmp_path / "no" / "page.html")


def test_a_link_in_the_run_is_not_written_through(run: Path, tmp_path: Path) -> None:
    (tmp_path / "other").write_text("mine")
    (run / "report.html").symlink_to(tmp_path / "other")
    with pytest.raises(RunFault, match="is a link"):
        report(run)
    assert (tmp_path / "other").read_text() == "mine"


def test_a_name_of_a_function_is_never_imported(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "trap.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    facts = json.loads((run / "run.json").read_text())
    for text in ("trap:network", "timm:resnet18", "torchvision:resnet18", "3x32x32: nonsense"):
        change(run / "run.json", model={**facts["model"], "text": text})
        shown = read(report(run)).text
        assert "Its layers" not in shown
        assert text in shown


def test_every_command_on_the_page_is_one_that_there_is(run: Path) -> None:
    text = read(report(run)).text
    part = text[text.rindex("How to go on") :]
    verbs = re.findall(r"^striate (\S+)", part, re.MULTILINE)
    assert "report" in verbs
    assert "check" in verbs
    assert set(verbs) <= {verb.name for verb in VERBS}
    assert all(str(run) in line for line in part.split("\n") if line.startswith("striate report"))


def test_it_needs_neither_torch_nor_matplotlib(run: Path, child: Callable) -> None:
    code = (
        "import sys; from pathlib import Path; from striate.verbs.report import report; "
        f"report(Path({str(run)!r})); "
        "sys.exit(', '.join({'torch', 'matplotlib', 'sklearn'} & set(sys.modules)) or 0)"
    )
    done = child("-c", code)
    assert done.returncode == 0, done.stderr


def test_what_judging_writes_is_what_the_page_reads(run: Path, rng: np.random.Generator) -> None:
    from striate.judging import scores, slices, suspects

    truth = np.arange(300) % 3
    logits = runs.drawn(rng, truth, 3).astype(np.float32)
    score = scores.score(logits, truth, ("a", "b", "c"), temperature=1.5).to_dict()
    facts = {"folder": np.where(truth == 0, "old scans", "new")}
    parts = [
        one.to_dict() for one in slices.sliced((logits.argmax(1) == truth) & (truth > 0), facts)
    ]
    doubted = suspects.suspects(runs.probabilities(logits, 1.5), truth, ("a", "b", "c"))
    held = [{"path": f"{one.row}.jpg", **one.to_dict()} for one in doubted]
    change(
        run / "metrics.json", test=score, val=score, slices=parts, suspects=held,
        threshold=score["abstention"]["threshold"],
    )  # fmt: skip
    text = read(report(run)).text
    low, high = score["interval_95"]
    assert f"accuracy {score['accuracy']:.1%} ({100 * low:.1f}–{100 * high:.1f})" in text
    for name in ("balanced accuracy", "macro F1", "macro AUC", "loss before", "ECE by chance"):
        assert f"\n{name} " in text
    assert f"{len(held)} labels may be wrong" in text
    assert "1 is worse than the rest by more than chance" in text
    assert "folder old scans 100 0%" in text
    assert f"it answers {score['abstention']['coverage']:.1%} (" in text
    for name, one in score["per_class"].items():
        assert f"{name} {one['count']} {one['recall']:.1%} (" in text
    bins = sum(1 for one in score["calibration"]["after"] if one["count"])
    assert len(re.findall(r"^after [\d.]+–", text, re.MULTILINE)) == bins
