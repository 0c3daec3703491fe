"""`striate check`: what is wrong with the pictures, before a network learns it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from striate.cli import output
from striate.cli.progress import Progress
from striate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Generator

    from striate.pictures.audit.audit import Progress as Event
    from striate.verbs.check import Checked

_LISTED = 200
_CLASSES = 40
_WRONG = 3  # the exit code of a fault in the data
_COLOURS = {"error": "red", "warning": "yellow", "note": "dim"}


@click.command(
    epilog=output.examples(
        "striate check photos/",
        "striate check photos/ --html report.html --fixes-out fixes.csv",
        "striate check pictures.csv --skip-bad --json",
        "striate check digits --augment digits -o sheet.png",
    )
)
@click.argument("data")
@click.option("--html", "page", metavar="FILE", help="Write a report with thumbnails.")
@click.option(
    "--fixes-out", "fixes", metavar="FILE", help="Write a list to edit; `train` takes it."
)
@click.option("--augment", "preset", metavar="PRESET", help="Draw what augmentation does, to -o.")
@click.option("-o", "sheet", metavar="FILE", help="The picture that --augment draws.")
@click.option("--skip-bad", is_flag=True, help="Unreadable files are left out and are no error.")
@click.option("--root", type=click.Path(path_type=Path), help="Where named sets lie.")
@output.json_option
def command(
    data: str,
    page: str | None,
    fixes: str | None,
    preset: str | None,
    sheet: str | None,
    skip_bad: bool,
    root: Path | None,
    as_json: bool,
) -> int:
    """Look at every picture: unreadable files, copies, labels, sizes, light.

    DATA is a folder, a manifest, an archive or the name of a set; it is never changed. Exit code 3
    means that training on it would be wrong.
    """
    from striate.verbs.check import check, refuse_inside

    if (preset is None) != (sheet is None):
        raise UsageError(
            "--augment and -o belong together", "striate check DATA --augment photos -o sheet.png"
        )
    refuse_inside(data, page, fixes, sheet)
    outputs = [path for path in (page, fixes, sheet) if path]
    steps = check(data, skip_bad=skip_bad, root=root, outputs=outputs, preset=preset)
    found = _run(steps)
    if page:
        found.write_page(page)
    if fixes:
        found.write_fixes(fixes)
    if preset and sheet:
        found.write_sheet(sheet, preset)
    if as_json:
        output.emit_json(found.to_dict())
    else:
        _print(found)
    for path, what in ((page, "report"), (fixes, "fixes"), (sheet, "sheet")):
        if path:
            output.note(f"{what} written to {path}")
    return _WRONG if found.is_wrong else 0


def _run(steps: Generator[Event, None, Checked]) -> Checked:
    with Progress() as progress:
        while True:
            try:
                progress.show(*next(steps))
            except StopIteration as stop:
                found: Checked = stop.value
                return found


def _print(found: Checked) -> None:
    """For people: classes, findings, and every file that cannot be read."""
    from striate.verbs.check import splits_of

    audit = found.audit
    data = audit.dataset
    splits = splits_of(data)
    inside = {split: data.counts_in(split) for split in splits}
    counts = list(data.counts.items())
    rows = [(name, n, *(inside[s][name] for s in splits)) for name, n in counts[:_CLASSES]]
    if len(counts) > _CLASSES:
        rows.append((f"… {len(counts) - _CLASSES:,} more classes", None, *([None] * len(splits))))
    rows.append(("all", len(data), *(data.splits[s] for s in splits)))
    output.emit(output.table(("class", "pictures", *splits), rows, "l" + "r" * (1 + len(splits))))
    output.emit("")
    for finding in audit.findings:
        label = output.paint(
            f"{finding.severity}[{finding.code}]", _COLOURS[finding.severity], sys.stdout
        )
        output.emit(f"{label}: {output.printable(finding.text)}")
    if audit.unreadable:
        shown = audit.unreadable[:_LISTED]
        output.emit("\n" + output.table(("unreadable", "reason"), shown))
        more = len(audit.unreadable) - len(shown)
        if more:
            output.emit(f"… {more:,} more; --json lists all")
    wrong = sum(one.severity == "error" for one in audit.findings)
    verdict = f"training on this would be wrong: {wrong} error{'s' if wrong > 1 else ''}"
    output.emit(f"\n{verdict}" if wrong else "\nnothing here makes training wrong")
