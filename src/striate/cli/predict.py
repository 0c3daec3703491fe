"""`striate predict`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal, final

import click

from striate.cli import output
from striate.cli.progress import Progress
from striate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Generator

    from striate.shipping.answer import Answer
    from striate.shipping.rows import Form
    from striate.verbs.predict import Answered, Predicted, Wanted
    from striate.verbs.train_order import Said


Shown = Literal["table", "jsonl", "csv", "json"]
_BLOCK = 1_000  # rows of a table that are held to find the widths of its columns
_NONE_READ = 3


@click.command(
    epilog=output.examples(
        "striate predict latest cat.jpg",
        "striate predict pets.striate photos/ -o answers.jsonl      # killed? the same line with --resume",
        "find /data -name '*.jpg' -print0 | striate predict model.onnx - -0 --format csv > answers.csv",
        "striate predict model.onnx photos/ --threshold 0.8 --format jsonl | jq 'select(.sure | not)'",
    )
)
@click.argument("model", metavar="RUN|BUNDLE|model.onnx")
@click.argument("pictures", nargs=-1, metavar="IMAGES…|DIR|-")
@click.option(
    "--top", type=click.IntRange(1), default=3, show_default=True, help="Labels told of each."
)
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    help="Sure from this probability on, instead of the one in the model's card.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "jsonl", "csv"]),
    help="table in a terminal, jsonl otherwise; with -o by the file's ending.",
)
@click.option(
    "-o",
    "--output",
    "out",
    type=click.Path(path_type=Path),
    help="A file of rows, there when it is complete.",
)
@click.option("--resume", is_flag=True, help="Go on with a file that was ended before its end.")
@click.option("--overwrite", is_flag=True, help="Replace a file that is there, or one half done.")
@click.option("-0", "--null", is_flag=True, help="Names on stdin end with NUL, not with a line.")
@click.option("--strict", is_flag=True, help="Exit code 3 where any picture could not be read.")
@click.option("--threads", type=click.IntRange(1, 1024), help="As many as there are cores.")
@output.json_option
def command(
    model: str,
    pictures: tuple[str, ...],
    form: Literal["table", "jsonl", "csv"] | None,
    out: Path | None,
    strict: bool,
    as_json: bool,
    **flags: object,
) -> int:
    """Answers for pictures: a table, JSON lines or CSV."""
    from striate.verbs.predict import Wanted, predict

    wanted = Wanted(form=_of_file(form, out), out=out, **flags)  # type: ignore[arg-type]
    if wanted.resume and out is None:
        raise UsageError("--resume goes on with a file, and there is no -o", "give -o FILE")
    shown: Shown = "json" if as_json else form or ("table" if sys.stdout.isatty() else "jsonl")
    writer = Writer(shown, wanted.top)
    try:
        done = _followed(predict(model, pictures, wanted), writer, quiet=as_json)
    except KeyboardInterrupt:
        _say_how_to_go_on(wanted)
        raise
    writer.end(done)
    if done.unreadable:
        output.warn(f"{done.unreadable:,} of {done.total:,} could not be read; their rows say why")
    failed = done.unreadable and (strict or done.unreadable == done.total)
    return _NONE_READ if failed else 0


def _followed(
    events: Generator[Said | Answered, None, Predicted], writer: Writer, quiet: bool
) -> Predicted:
    """Everything that is told, until the end."""
    from striate.verbs.predict import Answered

    with Progress() as progress:
        while True:
            try:
                event = next(events)
            except StopIteration as end:
                done: Predicted = end.value
                return done
            if not isinstance(event, Answered):
                progress.clear()
                if event.severity != "note":
                    output.warn(event.text)
                elif not quiet:
                    output.note(event.text)
                continue
            if event.answers:
                if writer.would_write(len(event.answers)):
                    progress.clear()
                writer.add(event.answers)
            if not quiet:
                progress.show("predicting", event.done, event.total)


@final
class Writer:
    """Answers on stdout, as they come; a table is held back for a while so that its columns fit."""

    def __init__(self, shown: Shown, top: int) -> None:
        self.shown, self.top = shown, top
        self._held: list[Answer] = []
        self._begun = False

    def would_write(self, more: int) -> bool:
        """Whether so many more are written at once."""
        return self.shown != "table" or len(self._held) + more >= _BLOCK

    def add(self, answers: tuple[Answer, ...]) -> None:
        """Some more."""
        if self.shown == "table":
            self._held += answers
            if len(self._held) >= _BLOCK:
                self._flush()
        elif self.shown == "json":
            self._add_json(answers)
        else:
            from striate.shipping import rows

            form: Form = self.shown
            head = b"" if self._begun else rows.head(form, self.top)
            self._begun = True
            _write(head + rows.rows(form, answers, self.top))

    def end(self, done: Predicted) -> None:
        """The last ones, or what was written into a file."""
        if self.shown == "json":
            self._end_json(done)
        elif done.out is None:
            self._flush()
        elif done.total:
            rate = f", {done.added / done.seconds:,.1f} pictures/s" if done.seconds >= 1 else ""
            output.emit(f"{done.out}: {done.total:,} rows{rate}")

    def _flush(self) -> None:
        if self._held:
            lines = [_row(one) for one in self._held]
            head = ("picture", "label", "probability", "sure", "next")
            output.emit(output.table(head, lines, "llrll"))
            self._held.clear()

    def _add_json(self, answers: tuple[Answer, ...]) -> None:
        """One object however many rows it has: written piece by piece."""
        from striate.shipping.rows import json_row

        for one in answers:
            start = b",\n    " if self._begun else self._json_start() + b'  "predictions": [\n    '
            self._begun = True
            _write(start + json_row(one))

    def _json_start(self) -> bytes:
        return f'{{\n  "schema_version": {output.SCHEMA_VERSION},\n'.encode()

    def _end_json(self, done: Predicted) -> None:
        rest = json.dumps(done.to_dict(), ensure_ascii=True, indent=2).removeprefix("{\n")
        start = b"\n  ],\n" if self._begun else self._json_start()
        _write(start + rest.encode() + b"\n")


def _row(answer: Answer) -> tuple[object, ...]:
    if answer.error is not None:
        return answer.path, None, None, None, f"unreadable: {answer.error}"
    more = ", ".join(f"{label} {share:.1%}" for label, share in answer.top[1:])
    sure = "yes" if answer.sure else "not sure"
    return answer.path, answer.label, f"{answer.probability:.1%}", sure, more


def _write(data: bytes) -> None:
    """Bytes as they are: names of files need not be text."""
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _of_file(form: str | None, out: Path | None) -> Form:
    if form == "table" and out is not None:
        raise UsageError("a table is for people; a file gets jsonl or csv", "leave --format out")
    if form == "csv" or (form is None and out is not None and out.suffix.lower() == ".csv"):
        return "csv"
    return "jsonl"


def _say_how_to_go_on(wanted: Wanted) -> None:
    if wanted.out is None:
        return
    from striate.shipping.row_file import parts_of

    part = parts_of(wanted.out)[0]
    if part.exists():
        output.note(f"{part} holds what was done: the same line with --resume goes on")
