"""A run folder is made once, never overwritten, and removed only when it is one."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from striate.errors import FileFault, NewerFormat, RunBusy, RunFault
from striate.keeping import run_folder, run_lock, runs, whole
from striate.keeping.run_tables import Prediction
from striate.keeping.runs import Run, find, is_run, listed, remove
from tests.conftest import environment
from tests.keeping.disks import failing, points

NOW = datetime(2026, 11, 20, 13, 5, 7, tzinfo=timezone(timedelta(hours=2)))

TRAIN = """
import sys
from datetime import datetime, UTC
from pathlib import Path
from striate.keeping.runs import Run
run = Run.create(Path(sys.argv[1]), datetime.now(UTC))
print("made", flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder of its own, without patience."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run_lock, "_PATIENCE_S", 0.03)


@pytest.fixture
def training(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that trains into `mine`."""
    with subprocess.Popen(
        [sys.executable, "-c", TRAIN, "mine"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "made\n"
        try:
            yield process
        finally:
            process.kill()


def everything(folder: Path) -> dict[str, bytes | None]:
    """All names in a folder, with their content."""
    return {str(p): p.read_bytes() if p.is_file() else None for p in sorted(folder.rglob("*"))}


def made(name: str, day: int = 1, **facts: Any) -> Path:
    """A run in runs/ that has ended, with these facts."""
    run = Run.create(Path("runs") / name, NOW + timedelta(days=day))
    run.update(**{"status": "finished", **facts})
    run.release()
    return run.path


def test_a_run_without_a_name_stands_in_runs_under_its_day(tmp_path: Path) -> None:
    run = Run.create(None, NOW)
    assert run.path.parent == Path("runs")
    assert run.path.name.startswith("2026-11-20-")
    assert json.loads((run.path / "run.json").read_text()) == {
        "schema_version": 1,
        "id": run.path.name,
        "status": "running",
        "started": "2026-11-20T11:05:07+00:00",
    }
    assert os.readlink("runs/latest") == run.path.name
    assert run.status == "running"


def test_runs_of_one_moment_have_names_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = iter(["aaaa", "aaaa", "aaaa", "bbbb"])
    monkeypatch.setattr("secrets.token_hex", lambda _: next(tokens))
    one, two = Run.create(None, NOW), Run.create(None, NOW)
    assert [one.path.name, two.path.name] == ["2026-11-20-aaaa", "2026-11-20-bbbb"]
    assert os.readlink("runs/latest") == "2026-11-20-bbbb"


def test_a_folder_that_was_named_is_made_with_those_above_it() -> None:
    run = Run.create(Path("a/b/c"), NOW)
    assert is_run(Path("a/b/c"))
    assert run.facts()["id"].startswith("2026-11-20-")
    assert not Path("runs").exists()


def test_an_empty_folder_can_become_a_run() -> None:
    Path("empty").mkdir()
    Run.create(Path("empty"), NOW).release()
    assert is_run(Path("empty"))


def test_a_folder_with_a_run_is_refused_and_stays_as_it_was() -> None:
    Run.create(Path("mine"), NOW).release()
    before = everything(Path("mine"))
    with pytest.raises(RunFault, match="mine holds a run already") as fault:
        Run.create(Path("mine"), NOW)
    assert "`striate resume mine` goes on with it" in fault.value.hint
    assert everything(Path("mine")) == before


@pytest.mark.parametrize("name", ["photo.jpg", ".hidden", "sub/file", ".run.jso"])
def test_a_folder_with_other_files_is_refused_and_nothing_is_touched(name: str) -> None:
    path = Path("mine", name)
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    before = everything(Path("mine"))
    with pytest.raises(RunFault, match="mine is not empty and holds no run"):
        Run.create(Path("mine"), NOW)
    assert everything(Path("mine")) == before


def test_a_file_or_a_dead_link_in_the_place_of_a_run_is_refused() -> None:
    Path("file").write_text("mine")
    Path("link").symlink_to("nowhere")
    for name in ("file", "link"):
        with pytest.raises(RunFault, match=f"{name} is there and is no folder"):
            Run.create(Path(name), NOW)
    with pytest.raises(FileFault, match="cannot be written"):
        Run.create(Path("file/run"), NOW)


def test_what_a_run_killed_in_its_first_moment_left_can_become_a_run() -> None:
    Path("mine").mkdir()
    Path("mine", ".lock").touch()
    Path("mine", ".run.json.x1.tmp").touch()
    Run.create(Path("mine"), NOW)
    assert is_run(Path("mine"))


def test_a_run_that_cannot_be_written_leaves_no_folder_behind() -> None:
    number, failed, done = 1, 0, False
    met: list[str] = []
    while not done:
        shutil.rmtree("runs", ignore_errors=True)
        fault = None
        try:
            with points(failing(number, errno.ENOSPC, lasting=False)) as met:
                Run.create(None, NOW).release()
        except FileFault as told:
            fault = told.text
            failed += 1
        there = [p for p in Path().glob("runs/*") if p.name != "latest"]
        assert len(there) == (fault is None)
        assert all(is_run(p) for p in there)
        assert fault is None or re.search(r"No space left on device; .* bytes are free", fault)
        done, number = len(met) < number, number + 1
    assert failed > 5


def test_two_processes_never_train_into_one_folder(training: subprocess.Popen[str]) -> None:
    with pytest.raises(RunFault, match="mine holds a run already"):
        Run.create(Path("mine"), NOW)
    with pytest.raises(RunBusy, match=f"process {training.pid} on .* is working in mine"):
        Run.resume("mine")
    with pytest.raises(RunBusy, match=f"process {training.pid}"):
        remove("mine")
    assert Run.open("mine").status == "running"


def test_a_killed_run_is_shown_as_interrupted_and_can_be_resumed(
    training: subprocess.Popen[str],
) -> None:
    training.kill()
    training.wait()
    assert Run.open("mine").facts()["status"] == "running"
    assert Run.open("mine").status == "interrupted"
    assert [row.status for row in listed(Path())] == ["interrupted"]
    with Run.resume("mine") as run:
        assert run.status == "running"
    assert run.status == "interrupted"


def test_two_that_see_the_same_empty_folder_do_not_both_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real, others = run_folder.given_folder, [NOW]

    def late(path: Path) -> Path:
        folder = real(path)
        if others:
            Run.create(path, others.pop()).release()  # the other one was quicker
        return folder

    monkeypatch.setattr(runs, "given_folder", late)
    with pytest.raises(RunFault, match="holds a run already"):
        Run.create(Path("mine"), NOW)
    assert run_lock.is_free(Path("mine"))


# --- what stands in it ------------------------------------------------------------------------------------


def test_facts_are_changed_one_by_one_and_the_others_stay() -> None:
    run = Run.create(Path("mine"), NOW)
    run.write_facts({"id": "x", "status": "running", "seed": 3, "notes": ["é"]})
    run.update(status="finished", reason="")
    assert run.facts() == {
        "schema_version": 1, "id": "x", "status": "finished", "seed": 3, "notes": ["é"], "reason": "",
    }  # fmt: skip
    with pytest.raises(ValueError, match="not JSON compliant"):
        run.update(seed=float("nan"))
    assert run.facts()["seed"] == 3


def test_classes_scores_and_tables_come_back() -> None:
    run = Run.create(Path("mine"), NOW)
    assert run.scores() is None
    run.write_classes({"zebra": 3, "ant": 1})
    assert run.classes() == ("zebra", "ant")
    told = json.loads((run.path / "classes.json").read_text())
    assert told == {
        "schema_version": 1, "classes": ["zebra", "ant"], "counts": {"zebra": 3, "ant": 1},
    }  # fmt: skip
    run.write_scores({"val": {"accuracy": 0.5}})
    assert run.scores() == {"schema_version": 1, "val": {"accuracy": 0.5}}
    assert run.metrics() == []
    for step in (5, 10):
        run.append_metrics({"step": step})
    assert run.cut_metrics(5) == 1
    assert [row["step"] for row in run.metrics()] == [5]
    rows = [Prediction("a", "val", "ant", "ant", 0.9, True, 0.1)]
    run.write_predictions(rows)
    assert run.predictions() == rows
    assert not [p for p in run.path.iterdir() if "tmp" in p.name]


@pytest.mark.parametrize("counts", [{}, {"a": 1}, {"a": 1, "": 2}, {"a": 1, "\udcff": 2}])
def test_classes_that_are_none_are_refused_at_the_start(counts: dict) -> None:
    run = Run.create(Path("mine"), NOW)
    with pytest.raises(FileFault, match=r"classes\.json cannot be written"):
        run.write_classes(counts)
    with pytest.raises(FileFault, match=r"classes\.json cannot be used: it is missing"):
        run.classes()


@pytest.mark.parametrize(
    "name", ["run.json", "classes.json", "metrics.json", "metrics.csv", "predictions.csv"]
)
def test_nothing_is_written_through_a_link(name: str) -> None:
    run = Run.create(Path("mine"), NOW)
    (run.path / name).unlink(missing_ok=True)
    Path("outside").write_text("mine")
    (run.path / name).symlink_to("../outside")
    write = {
        "run.json": lambda: run.write_facts({}),
        "classes.json": lambda: run.write_classes({"a": 1, "b": 2}),
        "metrics.json": lambda: run.write_scores({}),
        "metrics.csv": lambda: run.append_metrics({"step": 1}),
        "predictions.csv": lambda: run.write_predictions([]),
    }
    with pytest.raises(RunFault, match=f"{name} is a link"):
        write[name]()
    assert Path("outside").read_text() == "mine"


@pytest.mark.parametrize(
    ("text", "kind", "reason"),
    [
        ("{}", FileFault, "it has no schema_version"),
        ("[]", FileFault, "it has no schema_version"),
        ('{"schema_version": 1}', RunFault, "run.json has no id or no status"),
        ('{"schema_version": 2, "id": "x", "status": "running"}', NewerFormat, "reads 1"),
        ('{"schema_version": true, "id": "x", "status": "y"}', FileFault, "no schema_version"),
        ('{"schema_version": 1, "schema_version": 1}', FileFault, "stands twice"),
        ('{"schema_version": 1, "id": "x", "sta', FileFault, "Unterminated"),
    ],
)
def test_a_run_whose_facts_are_none_is_not_opened_resumed_or_removed(
    text: str, kind: type[FileFault], reason: str
) -> None:
    path = made("one")
    (path / "run.json").write_text(text)
    for action in (Run.open, Run.resume, remove):
        with pytest.raises(kind, match=reason):
            action(path)
    assert path.exists()
    (row,) = listed()
    assert row.status == "unreadable"
    assert reason in row.fault


def test_facts_behind_a_link_make_no_run() -> None:
    path = made("one")
    (path / "run.json").rename("elsewhere.json")
    (path / "run.json").symlink_to(Path("elsewhere.json").absolute())
    with pytest.raises(FileFault, match="is a link"):
        Run.open(path)


# --- finding, listing, removing ---------------------------------------------------------------------------


def test_a_run_is_found_by_path_by_name_and_as_the_latest() -> None:
    run = Run.create(None, NOW)
    for given in (run.path, str(run.path), run.path.name, "latest", "runs/latest"):
        assert find(given) == run.path
        assert Run.open(given).facts()["id"] == run.path.name
    with pytest.raises(RunFault, match="no is no run: there is no such folder"):
        Run.open("no")
    Path("empty").mkdir()
    with pytest.raises(RunFault, match=r"empty is no run: it has no run\.json"):
        Run.open("empty")


def test_without_a_link_the_latest_is_the_one_that_started_last() -> None:
    with pytest.raises(RunFault, match="latest is no run"):
        find("latest")
    made("old", 1)
    new = made("anew", 2)
    assert not Path("runs/latest").exists()
    assert find("latest") == new


def test_the_link_to_the_latest_leads_nowhere_else() -> None:
    away = Path("away/run")
    Run.create(away, NOW).release()
    Path("runs").mkdir()
    Path("runs/latest").symlink_to(away.absolute())
    with pytest.raises(RunFault, match="there is no such folder"):
        find("latest")


def test_a_folder_called_latest_is_left_alone() -> None:
    Path("runs/latest").mkdir(parents=True)
    run = Run.create(None, NOW)
    assert is_run(run.path)
    assert not Path("runs/latest").is_symlink()


def test_in_a_notebook_a_run_shows_what_the_list_says_of_it() -> None:
    run = Run.open(made("mine", 1, data={"name": "digits & co"}))
    run.write_scores({"val": {"accuracy": 0.875}})
    shown = run._repr_html_()
    for words in (
        f"run {run.facts()['id']}",
        "finished",
        "digits &amp; co",
        "87.50% (val)",
        str(run.path),
    ):
        assert words in shown
    run.path.joinpath("run.json").write_text("{", encoding="utf-8")
    assert "unreadable" in run._repr_html_()


def test_runs_are_listed_newest_first_with_what_matters() -> None:
    assert listed() == []
    old = made("old", 1, data={"name": "digits"})
    new = made("new", 2, data={"name": "flowers"}, status="failed")
    Run.open(old).write_scores({"val": {"accuracy": 0.5}, "test": {"accuracy": 0.25}})
    Run.open(new).write_scores({"val": {"accuracy": 0.75}})
    none = made("none", 0)
    Path("runs/notes").mkdir()
    Path("runs/link").symlink_to("old")
    shown = [(r.path, r.status, r.data, r.split, r.accuracy) for r in listed()]
    assert shown == [
        (new, "failed", "flowers", "val", 0.75),
        (old, "finished", "digits", "test", 0.25),
        (none, "finished", "", "", None),
    ]
    assert [r.started for r in listed()] == sorted((r.started for r in listed()), reverse=True)
    assert {r.fault for r in listed()} == {""}
    with pytest.raises(FileFault, match="cannot be read: Not a directory"):
        listed(Path("runs/old/run.json"))


def test_a_run_is_removed_and_the_latest_is_the_one_before() -> None:
    one = Run.create(None, NOW)
    one.release()
    two = Run.create(None, NOW + timedelta(days=1))
    two.release()
    assert remove("latest") == two.path
    assert find("latest") == one.path
    assert sorted(p.name for p in Path("runs").iterdir()) == sorted([one.path.name, "latest"])
    assert remove(one.path.name) == one.path
    assert list(Path("runs").iterdir()) == []


def test_what_is_no_run_is_not_removed() -> None:
    Path("mine").mkdir()
    Path("mine/photo.jpg").touch()
    with pytest.raises(RunFault, match=r"mine is no run: it has no run\.json"):
        remove("mine")
    with pytest.raises(RunFault, match="there is no such folder"):
        remove("mine/photo.jpg")
    assert Path("mine/photo.jpg").exists()


def test_a_run_in_this_very_process_is_not_removed() -> None:
    run = Run.create(Path("mine"), NOW)
    with pytest.raises(RunBusy, match=f"process {os.getpid()}"):
        remove("mine")
    run.release()
    assert remove("mine") == Path("mine")
    assert not Path("mine").exists()


def test_removing_follows_no_link_out_of_a_run() -> None:
    path = made("one")
    Path("precious").mkdir()
    Path("precious/work").write_text("mine")
    (path / "checkpoints").symlink_to(Path("precious").absolute())
    (path / "export").mkdir()
    (path / "export" / "deep").symlink_to("../../../precious/work")
    remove(path)
    assert not path.exists()
    assert Path("precious/work").read_text() == "mine"


def test_a_link_to_a_run_is_not_removed_and_nor_is_the_run() -> None:
    path = made("one")
    Path("link").symlink_to(path)
    Path("runs/other").symlink_to("one")
    for name in ("link", "runs/other", "other"):
        with pytest.raises(RunFault, match="is a link"):
            remove(name)
    assert is_run(path)


def test_the_folder_one_stands_in_is_not_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    path = made("one").absolute()
    (path / "export").mkdir()
    for place in (path, path / "export"):
        monkeypatch.chdir(place)
        with pytest.raises(RunFault, match="holds the current folder"):
            remove(path)
    assert is_run(path)


def test_a_run_that_cannot_be_removed_says_which_file(monkeypatch: pytest.MonkeyPatch) -> None:
    path = made("one")

    def refused(folder: Path) -> None:
        raise PermissionError(13, "Permission denied", str(folder / "run.json"))

    monkeypatch.setattr(whole, "remove", refused)
    with pytest.raises(FileFault, match=r"cannot be removed: Permission denied \(.*run\.json\)"):
        remove(path)
    assert run_lock.is_free(path)


def test_times_are_told_in_utc() -> None:
    run = Run.create(Path("mine"), datetime(2026, 1, 1, 0, 30, tzinfo=UTC))
    assert run.facts()["started"] == "2026-01-01T00:30:00+00:00"
