"""`striate doctor`."""

from __future__ import annotations

from typing import Any

import click

from striate.cli import output


@click.command(
    epilog=output.examples(
        "striate doctor", "striate doctor --json > machine.json   # for a bug report"
    )
)
@output.json_option
def command(as_json: bool) -> None:
    """What this machine has: versions, cores, memory, accelerator, extras."""
    from striate.verbs.doctor import examine

    found = examine()
    if as_json:
        output.emit_json(found)
        return
    output.emit(output.table(("machine", ""), machine_rows(found)))
    output.emit("")
    output.emit(output.table(("package", "version"), list(found["packages"].items())))
    output.emit("")
    rows = [
        (extra_name(name), extra_state(state), state["serves"])
        for name, state in found["extras"].items()
    ]
    output.emit(output.table(("extra", "state", "serves"), rows))


def machine_rows(found: dict[str, Any]) -> list[tuple[str, str]]:
    """The first table: one line per part of the machine."""
    cpu, memory, python, system = found["cpu"], found["memory"], found["python"], found["system"]
    quota = "no quota" if cpu["quota"] is None else f"a quota of {cpu['quota']:g}"
    counts = f"{cpu['logical']} logical, {cpu['allowed']} allowed, {quota}: {cpu['threads']} threads are used"
    devices = [
        f"{d['name']}, {gibibytes(d['memory_bytes'])}" for d in found["accelerator"]["devices"]
    ]
    limit = memory["limit_bytes"]
    return [
        ("striate", found["striate"]),
        ("python", f"{python['version']} ({python['implementation']})"),
        ("system", f"{system['name']} {system['release']}, {system['architecture']}"),
        ("processor", cpu["model"]),
        ("cores", counts),
        (
            "memory",
            f"{gibibytes(memory['total_bytes'])}, {gibibytes(memory['available_bytes'])} available"
            + (f", limited to {gibibytes(limit)}" if limit else ""),
        ),
        ("accelerator", "; ".join([*devices, found["accelerator"]["note"]]).strip("; ")),
        ("bf16", found["bf16"]["note"]),
    ]


def extra_name(name: str) -> str:
    """An extra as one types it."""
    return f"striate[{name}]"


def extra_state(state: dict[str, Any]) -> str:
    """Installed, or what is missing."""
    return "installed" if state["installed"] else "missing: " + ", ".join(state["missing"])


def gibibytes(size_bytes: int | None) -> str:
    """A size of memory: 23.4 GiB."""
    return "unknown" if size_bytes is None else f"{size_bytes / 2**30:.1f} GiB"
