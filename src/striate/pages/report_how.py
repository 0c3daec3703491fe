"""How it was made: the recipe, the network, the machine and the time; and how to go on."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import median
from typing import Any

from striate.pages import html
from striate.pages.html import Html, escaped
from striate.pages.report_told import Told
from striate.pages.report_values import number, table, text, whole
from striate.pages.report_words import counted, data_size, duration, moment

_LONGEST = 4000


def recipe(told: Told) -> Html:
    """What differs from the defaults, what was decided before the first step, then every knob."""
    parts = []
    changed = [knob for knob in told.knobs if knob.is_changed]
    if changed:
        rows = [[escaped(k.name), escaped(k.value), escaped(k.default or "")] for k in changed]
        parts.append(
            html.table(["changed", "value", "default"], rows, "lww", "Changed from the default")
        )
    elif told.knobs and all(knob.default is not None for knob in told.knobs):
        parts.append(html.paragraph("Every knob stands at its default."))
    decided = table(told.facts.get("decided"))
    if decided:
        title = "Decided from data and machine, before the first step"
        parts += [html.paragraph(f"{title}:"), _pairs(_all_of(decided), title)]
    if told.knobs:
        every = _pairs(((k.name, k.value) for k in told.knobs), "The whole recipe")
        parts.append(html.folded(f"The whole recipe, {counted(len(told.knobs), 'knob')}", every))
    return html.joined(parts) if parts else Html("")


def network(told: Told) -> Html:
    """Name, size, origin of its weights, how a picture is prepared, and its layers."""
    model, card = table(told.facts.get("model")), table(told.card.get("model"))
    started = table(model.get("pretrained"))
    facts = [
        ("network", text(model.get("name")) or text(card.get("name"))),
        ("parameters", _count(model.get("parameters"))),
        ("multiply-adds for one picture", _count(model.get("macs"))),
        ("weights began", _origin(started) if "pretrained" in model else ""),
        ("licence of the weights", text(told.card.get("weights_licence"))),
    ]
    parts = list(filter(None, [_pairs(facts, "The network")]))
    line = text(model.get("text")) or text(card.get("text"))
    if line:
        parts.append(
            _code(line[:_LONGEST] + ("…" if len(line) > _LONGEST else ""), "Text of the network")
        )
    if told.layers:
        parts.append(
            html.folded("Its layers", _code(told.layers, "Layers of the network", is_table=True))
        )
    prepared = table(told.facts.get("preparation")) or table(told.card.get("preparation"))
    if prepared:
        body = _pairs(_all_of(prepared), "Preparation of a picture")
        parts.append(html.folded("How a picture is prepared", body))
    return html.joined(parts) if parts else Html("")


def _origin(started: object) -> str:
    held = table(started)
    if not held:
        return "at random"
    mark = text(held.get("sha256"))
    said = [
        text(held.get("source")),
        text(held.get("licence")),
        f"sha256 {mark[:12]}…" if mark else "",
    ]
    return ", ".join(filter(None, said)) or "from a file"


def machine(told: Told) -> Html:
    """Where, with what, how long, and the command that did it."""
    facts, held = told.facts, table(told.facts.get("machine"))
    memory = number(held.get("memory_bytes"))
    command = facts.get("command")
    rows = [
        ("processor", text(held.get("cpu"))),
        ("threads", _count(held.get("threads"))),
        ("memory", data_size(memory) if memory else ""),
        ("device", text(held.get("device"))),
        (
            "versions",
            ", ".join(f"{k} {v}" for k, v in table(facts.get("versions")).items() if text(v)),
        ),
        ("seed", _count(facts.get("seed"))),
        ("started", moment(text(facts.get("started")))),
        ("finished", moment(text(facts.get("finished")))),
        ("run", text(facts.get("id"))),
    ]
    parts = [*filter(None, [_pairs(rows, "Machine and versions")]), *_times(told)]
    if isinstance(command, list) and command:
        parts += [
            html.paragraph("It was made by:"),
            _code(shlex.join(map(str, command))[:_LONGEST], "Command"),
        ]
    return html.joined(parts) if parts else Html("")


def _times(told: Told) -> Iterator[Html]:
    """Where the time went, and how fast training was."""
    spent = {
        k: s for k, v in table(told.facts.get("seconds")).items() if (s := number(v)) is not None
    }
    total = spent.pop("total", None)
    whole_time = total if total is not None else sum(spent.values())
    if spent and whole_time > 0:
        rows = [
            [escaped(_spaced(n)), duration(s), html.track(s / whole_time)] for n, s in spent.items()
        ]
        rows.append(["total", duration(whole_time), Html("")])
        yield html.table(["time", "", ""], rows, "lrl", "Where the time went")
    speeds = [s for row in told.timings if (s := number(row.get("pictures_per_second")))]
    if speeds:
        words = f"Training took in {median(speeds):,.0f} pictures a second"
        spread = f" (median; {min(speeds):,.0f} to {max(speeds):,.0f})" if len(speeds) > 1 else ""
        yield html.paragraph(f"{words}{spread}.")


def onward(told: Told) -> Html:
    """Commands to go on with."""
    if not told.commands:
        return Html("")
    rows = [[Html(f"<code>{escaped(one.line)}</code>"), escaped(one.what)] for one in told.commands]
    return html.table(["type", "to"], rows, "ww", "Commands to go on with")


def _pairs(facts: Iterable[tuple[str, str]], label: str) -> Html:
    return html.pairs(((name, escaped(value)) for name, value in facts), label)


def _all_of(held: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Everything of a table of JSON, in words."""
    return ((_spaced(name), _shown(value)) for name, value in held.items())


def _code(words: str, label: str, *, is_table: bool = False) -> Html:
    """Text as it is typed; that of a table keeps its columns and scrolls."""
    kind = "scroll" if is_table else "wrapped"
    return Html(
        f'<pre class="{kind}" tabindex="0" role="region" aria-label="{escaped(label)}">{escaped(words)}</pre>'
        if is_table else f'<pre class="{kind}">{escaped(words)}</pre>'
    )  # fmt: skip


def _count(value: object) -> str:
    held = whole(value)
    return "" if held is None else f"{held:,}"


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def _shown(value: object) -> str:
    """A value of JSON on one line."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "–"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(_shown, value))
    if isinstance(value, dict):
        return ", ".join(f"{_spaced(str(k))} {_shown(v)}" for k, v in value.items())
    return str(value)
