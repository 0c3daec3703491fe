"""Prediction as a whole: real files, real processes, killed and gone on with."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from striate.errors import FileFault, GraphRefused, NoPictures, StriateError, UsageError
from striate.shipping.classifier import load
from striate.shipping.picture_names import Named
from striate.verbs.predict import Answered, Predicted, Wanted, predict
from striate.verbs.train_order import Said
from tests.conftest import environment
from tests.verbs import made

AHEAD = 64 * 8  # names of the batches that may be under way in two threads and not written yet


def followed(
    model: Path, pictures: list[str], wanted: Wanted | None = None
) -> tuple[list[Said | Answered], Predicted]:
    events: list[Said | Answered] = []
    steps = predict(model, pictures, wanted)
    while True:
        try:
            events.append(next(steps))
        except StopIteration as end:
            return events, end.value


def rows_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture(scope="module")
def model() -> Path:
    """The ONNX of a run, which torch is not needed for."""
    return made.photos().path / "bundle"


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """3,000 names of 40 pictures, and a few that cannot be read."""
    folder = tmp_path_factory.mktemp("many")
    pictures = sorted(made.photographs().rglob("*.jpg"))
    for i in range(3_000):
        os.link(pictures[i % 40], folder / f"{i:05}.jpg")
    (folder / "00017.jpg").unlink()
    (folder / "00017.jpg").write_bytes(b"no picture")
    (folder / "02999.jpg").unlink()
    (folder / "02999.jpg").write_bytes(b"")
    return folder


def test_rows_are_what_the_classifier_answers(model: Path) -> None:
    paths = sorted(str(p) for p in made.photographs().rglob("*.jpg"))
    events, done = followed(model, paths)
    found = [one for event in events if isinstance(event, Answered) for one in event.answers]
    wanted = load(model).predict(paths)
    assert [one.path for one in found] == paths
    for one, other in zip(found, wanted, strict=True):
        assert (one.label, one.sure) == (other.label, other.sure)
        assert one.probability == pytest.approx(other.probability, abs=1e-6)
    assert (done.total, done.unreadable) == (40, 0)
    assert events[-1] == Answered(events[-1].answers, 40, 40)  # type: ignore[union-attr]


def test_a_folder_says_what_it_leaves_out_and_rows_hold_what_cannot_be_read(
    model: Path, tmp_path: Path
) -> None:
    made.folder(tmp_path / "in", ("cat",), (3,), bad=(1,))
    (tmp_path / "in" / "notes.txt").write_text("no picture")
    events, done = followed(model, [str(tmp_path / "in")])
    found = [one for event in events if isinstance(event, Answered) for one in event.answers]
    assert [one.error is None for one in found] == [True, False, True]
    assert "cut off" in (found[1].error or "")
    assert (done.total, done.unreadable) == (3, 1)
    assert [e.text for e in events if isinstance(e, Said)] == [
        f"1 file(s) left out whose names say that they are no pictures: {tmp_path / 'in' / 'notes.txt'}"
    ]


def test_names_are_looked_at_once_and_not_with_every_batch(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = sorted(str(p) for p in made.photographs().rglob("*.jpg"))
    looks: list[int] = []

    def looked(_: Named) -> int:
        looks.append(1)
        return 160

    monkeypatch.setattr(Named, "count", property(looked))
    events, done = followed(model, paths * 4)
    assert len([one for one in events if isinstance(one, Answered)]) > 1
    assert (done.total, len(looks)) == (160, 1)


def test_the_threshold_decides_what_is_sure(model: Path) -> None:
    paths = sorted(str(p) for p in made.photographs().rglob("*.jpg"))
    for threshold, sure in ((0.0, True), (1.0, False)):
        events, _ = followed(model, paths[:3], Wanted(threshold=threshold))
        answers = [a for e in events if isinstance(e, Answered) for a in e.answers]
        assert [one.sure for one in answers] == [sure] * 3


def test_a_file_holds_every_row_and_both_forms_say_the_same(
    model: Path, many: Path, tmp_path: Path
) -> None:
    _, done = followed(model, [str(many)], Wanted(out=tmp_path / "a.jsonl"))
    assert (done.total, done.unreadable, done.added) == (3_000, 2, 3_000)
    found = rows_of(tmp_path / "a.jsonl")
    assert [row["path"] for row in found] == [str(p) for p in sorted(many.iterdir())]
    assert [i for i, row in enumerate(found) if row["error"]] == [17, 2999]
    followed(model, [str(many)], Wanted(out=tmp_path / "a.csv", form="csv", top=1))
    lines = (tmp_path / "a.csv").read_text().splitlines()[1:]
    assert [line.split(",")[1] for line in lines] == [row["label"] or "" for row in found]


def started(model: Path, out: Path, *flags: str) -> subprocess.Popen[bytes]:
    """It reads names from a pipe, so it cannot be at the end before we want it to."""
    command = [sys.executable, "-m", "striate", "predict", str(model), "-", "-o", str(out)]
    return subprocess.Popen(
        [*command, "--threads", "2", *flags],
        env=environment(), stdin=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def ended(
    process: subprocess.Popen[bytes], names: bytes, part: Path, least: int, by: int
) -> tuple[int, str]:
    """Give some names, send a signal once there are so many rows; the exit code and what was said."""
    assert process.stdin is not None
    process.stdin.write(names)
    process.stdin.flush()
    began = time.monotonic()
    while not part.exists() or part.read_bytes().count(b"\n") < least:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() - began < 100
        time.sleep(0.02)
    process.send_signal(by)
    _, said = process.communicate(timeout=100)
    return process.returncode, said.decode()


def lines_of(many: Path, count: int) -> bytes:
    """The first of the names, as a list."""
    return b"".join(b"%s\n" % os.fsencode(one) for one in sorted(many.iterdir())[:count])


def test_ended_again_and_again_the_file_is_byte_for_byte_the_unbroken_one(
    model: Path, many: Path, tmp_path: Path
) -> None:
    followed(model, [str(many)], Wanted(out=tmp_path / "whole.jsonl"))
    out, part = tmp_path / "out.jsonl", tmp_path / "out.jsonl.part"
    codes = []
    for least, by in ((1, signal.SIGKILL), (1_000, signal.SIGINT), (2_000, signal.SIGKILL)):
        flags = ("--resume",) if part.exists() else ()
        names = lines_of(many, least + AHEAD)
        codes.append(ended(started(model, out, *flags), names, part, least, by)[0])
        assert not out.exists()
    assert codes == [-signal.SIGKILL, 130, -signal.SIGKILL]
    assert json.loads((tmp_path / "out.jsonl.part.json").read_text())["rows"] >= 1_000
    last = started(model, out, "--resume")
    _, said = last.communicate(lines_of(many, 3_000), timeout=200)
    assert last.returncode == 0, said
    assert b"going on after" in said
    assert out.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out.jsonl", "whole.jsonl"]


def test_interrupted_it_says_how_to_go_on_and_loses_no_row(
    model: Path, many: Path, tmp_path: Path
) -> None:
    out, part = tmp_path / "out.jsonl", tmp_path / "out.jsonl.part"
    process = started(model, out)
    # More than one batch: a file without a row that is noted is taken away, and nothing is said of it.
    code, said = ended(process, lines_of(many, 200 + AHEAD), part, 200, signal.SIGINT)
    assert code == 130
    assert f"{part} holds what was done: the same line with --resume goes on" in said
    written = part.read_bytes()
    lines = written.count(b"\n")
    events, done = followed(model, [str(many)], Wanted(out=out, resume=True))
    first = events[0]
    assert isinstance(first, Said)
    assert first.text.startswith(f"going on after {lines:,} rows")
    assert out.read_bytes().startswith(written)
    assert (done.total, done.unreadable) == (3_000, 2)


def test_a_complete_file_is_left_alone_by_resume(model: Path, tmp_path: Path) -> None:
    path = str(next(made.photographs().rglob("*.jpg")))
    out = tmp_path / "out.jsonl"
    followed(model, [path], Wanted(out=out))
    before = out.read_bytes()
    events, _ = followed(model, [path], Wanted(out=out, resume=True))
    assert events == [Said(f"{out} is complete already: nothing is left to do")]
    assert out.read_bytes() == before
    with pytest.raises(FileFault, match="--overwrite replaces it"):
        followed(model, [path], Wanted(out=out))
    followed(model, [path], Wanted(out=out, overwrite=True, top=1))
    assert len(rows_of(out)[0]["top"]) == 1


def test_another_model_does_not_go_on_with_the_file(model: Path, tmp_path: Path) -> None:
    path = str(next(made.photographs().rglob("*.jpg")))
    out = tmp_path / "out.jsonl"
    steps = predict(model, [path] * 500, Wanted(out=out))
    next(steps)
    steps.close()
    with pytest.raises(FileFault, match="begun with another model"):
        followed(made.digits().path, [path] * 500, Wanted(out=out, resume=True))
    with pytest.raises(FileFault, match="begun with another top: 3, and this is 2"):
        followed(model, [path] * 500, Wanted(out=out, resume=True, top=2))


def test_a_hundred_thousand_names_take_no_more_memory_than_a_hundred(
    model: Path, tmp_path: Path
) -> None:
    """Peak memory of the process, in kB on Linux; names alone would be 20 MB."""

    def peak(count: int) -> int:
        code = (
            "import resource, sys; from striate.cli.main import main; "
            "code = main(sys.argv[1:]); "
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr); sys.exit(code)"
        )
        command = [sys.executable, "-c", code, "predict", str(model), "-", "--threads", "1"]
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env=environment(),
        )  # fmt: skip
        _, said = process.communicate(b"".join(lines(count)), timeout=200)
        assert process.returncode == 3, said
        return int(said.decode().splitlines()[-1])

    def lines(count: int) -> Iterator[bytes]:
        for i in range(count):
            yield f"{'x' * 180}{i:07}.jpg\n".encode()

    few, many = peak(100), peak(100_000)
    assert many - few < 8_000


@pytest.mark.parametrize("form", ["model.onnx", "bundle", "run"])
def test_a_run_a_bundle_and_its_graph_need_no_torch(tmp_path: Path, form: str) -> None:
    run = made.photos().path
    place = {"model.onnx": run / "bundle" / "model.onnx", "bundle": run / "bundle", "run": run}[
        form
    ]
    path = str(next(made.photographs().rglob("*.jpg")))
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from striate.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "predict", str(place), path, "--format", "jsonl"],
        capture_output=True, env=environment(), timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["label"] in ("cat", "dog")


@pytest.mark.parametrize(
    ("model_", "pictures", "kind", "text"),
    [
        ("nowhere.onnx", ["a.jpg"], FileFault, "cannot be read"),
        ("bad.onnx", ["a.jpg"], GraphRefused, "bad.onnx"),
        ("bundle", [], UsageError, "no pictures are named"),
        ("bundle", ["empty"], NoPictures, "there is no picture in"),
        ("a.jpg", ["bundle"], UsageError, "the model comes first"),
    ],
)
def test_faults_are_sentences(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    model_: str, pictures: list[str], kind: type[StriateError], text: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.onnx").write_bytes(b"\x08\x07no graph")
    (tmp_path / "a.jpg").write_bytes(b"")
    (tmp_path / "empty").mkdir()
    (tmp_path / "bundle").symlink_to(made.photos().path / "bundle")
    with pytest.raises(kind, match=text):
        followed(Path(model_), pictures)
    with pytest.raises(kind, match=text):
        followed(Path(model_), pictures, Wanted(out=tmp_path / "out.jsonl"))
    assert not list(tmp_path.glob("out*"))
