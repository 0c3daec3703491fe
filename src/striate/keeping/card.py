"""The card of a bundle: what is known of a classifier, checked as data and told as a page.

Idea of model cards: Mitchell et al. 2019, https://arxiv.org/abs/1810.03993
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TypeGuard

FORMAT = 1
TASK = "one label per picture"
_MOST_CLASSES = 100_000
_MARKUP = re.compile(r"([\\`*_\[\]<>#|~&])")


def card_faults(card: Mapping[str, object]) -> list[str]:
    """Everything that keeps a card from being one; nothing when it is good."""
    faults = []
    if card.get("format") != FORMAT or type(card.get("format")) is not int:
        faults.append(f"format must be {FORMAT}")
    if card.get("task") != TASK:
        faults.append(f'task must be "{TASK}"')
    faults += class_faults(card.get("classes"))
    if not isinstance(card.get("preparation"), dict):
        faults.append("preparation must be a table")
    temperature, threshold = card.get("temperature"), card.get("threshold")
    if not _is_number(temperature) or temperature <= 0:
        faults.append("temperature must be a finite number above 0")
    if not _is_number(threshold) or not 0 <= threshold <= 1:
        faults.append("threshold must be a number from 0 to 1")
    tables = ("scores", "data", "versions", "model")
    faults += [
        f"{name} must be a table" for name in tables if not isinstance(card.get(name, {}), dict)
    ]
    return faults


def class_faults(classes: object) -> list[str]:
    """What is wrong with a list of classes: at least two distinct texts are needed."""
    if not isinstance(classes, list | tuple) or not 2 <= len(classes) <= _MOST_CLASSES:
        return [f"classes must be a list of 2 to {_MOST_CLASSES:,} names"]
    bad = [repr(name)[:60] for name in classes if not _is_text(name)]
    if bad:
        return [f"{len(bad)} names of classes are no texts, the first is {bad[0]}"]
    if len(set(classes)) != len(classes):
        return ["two classes have the same name"]
    return []


def card_text(card: Mapping[str, object]) -> str:
    """The page MODEL_CARD.md; what a card does not know is left out, and no name can be markup."""
    model, data = _table(card, "model"), _table(card, "data")
    lines = [f"# {_inert(model.get('name') or 'A classifier of pictures')}", ""]
    lines += [f"One label for each picture, made with Striate. {_classes(card)}", ""]
    lines += _section("How good it is", list(_scores(_table(card, "scores"))))
    lines += _section("How it decides", list(_decisions(card)))
    facts = [
        ("Data", _inert(data.get("name"))),
        ("Fingerprint of the data", _code(data.get("fingerprint"))),
        ("Network", _code(model.get("text"))),
        ("Licence of the weights", _inert(card.get("weights_licence"))),
        ("Made", _inert(card.get("created"))),
        (
            "Versions",
            ", ".join(f"{_inert(k)} {_inert(v)}" for k, v in _table(card, "versions").items()),
        ),
    ]
    lines += _section("Where it comes from", [f"- {name}: {told}" for name, told in facts if told])
    preparation = _table(card, "preparation")
    rows = [f"- {_inert(name)}: {_code(value)}" for name, value in preparation.items()]
    lines += _section("How a picture is prepared", rows)
    limits = [
        "- It answers with one of its classes, whatever the picture shows.",
        "- Its figures hold for pictures like those it was judged on, and for no others.",
    ]
    lines += _section("Limits", limits)
    return "\n".join(lines)


def _classes(card: Mapping[str, object]) -> str:
    classes = card.get("classes")
    if not isinstance(classes, list | tuple):
        return ""
    shown = ", ".join(_inert(name) for name in classes[:20])
    more = f" and {len(classes) - 20:,} more" if len(classes) > 20 else ""
    return f"It tells {len(classes):,} classes apart: {shown}{more}."


def _scores(scores: Mapping[str, object]) -> Iterator[str]:
    """One line for each split that was judged."""
    told_any = False
    for split in scores:
        told = _table(scores, split)
        accuracy, interval = told.get("accuracy"), told.get("interval_95")
        if not _is_number(accuracy):
            continue
        line = f"- {_inert(split)}: {accuracy:.2%} right"
        if (
            isinstance(interval, list | tuple)
            and len(interval) == 2
            and all(map(_is_number, interval))
        ):
            line += f", 95 % interval {interval[0]:.2%} to {interval[1]:.2%}"
        count, told_any = told.get("count"), True
        yield line + (f", {count:,} pictures" if type(count) is int else "")
    if told_any and "test" not in scores:
        yield "- There was no test split: these figures are optimistic, for val also chose what to keep."


def _decisions(card: Mapping[str, object]) -> Iterator[str]:
    temperature, threshold = card.get("temperature"), card.get("threshold")
    if _is_number(temperature):
        yield f"- Probabilities are the softmax of the scores divided by {temperature:.4g}."
    if _is_number(threshold):
        yield f"- Below a probability of {threshold:.4g} it says that it is not sure."
    views = card.get("views")
    if isinstance(views, Mapping) and _is_number(views.get("gate")):
        looks = views.get("views")
        names = ", ".join(_inert(one) for one in looks) if isinstance(looks, list) else ""
        yield f"- Below {views['gate']:.4g} it may look again ({names}); the scores above are of one look."


def _section(title: str, lines: list[str]) -> list[str]:
    return [f"## {title}", "", *lines, ""] if lines else []


def _table(card: Mapping[str, object], name: str) -> Mapping[str, object]:
    told = card.get(name)
    return told if isinstance(told, Mapping) else {}


def _inert(told: object) -> str:
    """Text in which no letter is markup, on one line."""
    if told is None:
        return ""
    plain = "".join(c if c.isprintable() else " " for c in str(told))
    return _MARKUP.sub(r"\\\1", plain[:300])


def _code(told: object) -> str:
    """Text between backticks, which it cannot leave."""
    if told is None:
        return ""
    plain = "".join(c if c.isprintable() and c != "`" else " " for c in str(told))
    return f"`{plain[:4000].strip()}`"


def _is_number(value: object) -> TypeGuard[float]:
    return type(value) in (int, float) and math.isfinite(value)  # type: ignore[arg-type]


def _is_text(name: object) -> bool:
    """Whether a name is a text that is not empty and can be written as UTF-8."""
    if not isinstance(name, str) or not name:
        return False
    return not any("\ud800" <= letter <= "\udfff" for letter in name)
