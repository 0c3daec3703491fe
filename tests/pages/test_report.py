"""The report of a run: what it says and in which order, what nobody can smuggle into it, and gaps."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from striate.pages.report import page
from striate.pages.report_told import Case, Command, Knob, Told
from tests.pages import runs
from tests.pages.reading import Read

HERE = Path(__file__).parent
EVIL = '<script>alert(1)</script>" onload="x\' \udcff \u202e'


def told_of(folder: Path) -> Told:
    """What the verb would read, without thumbnails."""
    from striate.keeping.runs import Run
    from striate.verbs.report import _read

    missing: list[str] = []
    told = _read(Run.open(folder), missing)
    return replace(told, missing=tuple(missing), commands=(Command("striate eval RUN", "judge"),))


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """A run on 900 of the digits."""
    folder = tmp_path_factory.mktemp("report") / "run"
    return told_of(runs.make_run(folder, runs.rows_of("digits")[:900], "digits"))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """A run with three classes and few pictures."""
    rows = [
        (f"{c}/{i}.jpg", c, s) for c in "abc" for i, s in enumerate(["train", "val", "test"] * 8)
    ]
    return told_of(runs.make_run(tmp_path_factory.mktemp("report") / "small", rows, "letters"))


def read(told: Told) -> Read:
    found = Read(page(told))
    assert not found.faults, found.faults
    return found


def test_the_page_says_the_same_in_the_same_order_as_agreed(told: Told, golden: Callable) -> None:
    golden("report.out", read(told).text, at=HERE)


def test_the_headline_comes_first_with_its_interval_and_what_it_is_of(told: Told) -> None:
    lines = read(told).text.split("\n")
    scores = told.scores["test"]
    low, high = scores["interval_95"]
    first = " ".join(lines[:14])
    assert f"{scores['accuracy']:.1%} right on test" in first
    assert f"95% interval {low:.1%} to {high:.1%}, {scores['count']} pictures" in first
    right = round(scores["accuracy"] * scores["count"])
    assert f"{right} of {scores['count']} pictures were named rightly" in first
    assert "one view of each picture, computed in fp32" in first
    assert "optimistic" not in first


def test_without_a_test_split_the_figure_is_called_optimistic(told: Told) -> None:
    scores = {k: v for k, v in told.scores.items() if k != "test"}
    text = read(replace(told, scores=scores)).text
    assert "right on val (optimistic)" in text
    assert "Optimistic: there is no test split." in text
    assert "These pictures were used neither" not in text


def test_copies_of_train_are_told_beside_the_headline(told: Told) -> None:
    held = {"test": {"accuracy": 0.5, "interval_95": [0.4, 0.6], "count": 100}}
    text = read(replace(told, scores={**told.scores, "without_copies": held})).text
    assert "Without them it is 50.0%, 95% interval 40.0% to 60.0%, on 100 pictures." in text


def test_it_loads_nothing_runs_nothing_and_can_be_used_with_keys(told: Told) -> None:
    whole = page(replace(told, thumbnails={case.path: b"\xff\xd8\xff" for case in told.cases}))
    found = Read(whole)
    assert not found.faults
    names = {name for name, _ in found.tags}
    assert not names & {"script", "link", "iframe", "object", "base", "form"}
    for _, held in found.tags:
        assert not [name for name in held if name.startswith("on")]
        assert not {"src", "data", "action"} & set(held) or held["src"].startswith(
            "data:image/jpeg;base64,"
        )
    assert "http://" not in whole
    assert "https://" not in whole
    assert "url(" not in whole
    marks = [held["id"] for _, held in found.tags if "id" in held]
    assert len(marks) == len(set(marks)) >= 12
    assert {held["href"] for held in found.all("a")} == {f"#{mark}" for mark in marks}
    assert all(held["alt"] for held in found.all("img"))
    assert all(held["aria-label"] for held in found.all("svg"))
    scrolled = [held for _, held in found.tags if "scroll" in held.get("class", "").split()]
    assert scrolled
    assert all(held["tabindex"] == "0" and held["aria-label"] for held in scrolled)


def test_no_name_can_smuggle_anything_into_it(told: Told) -> None:
    facts = spoiled(told.facts)
    scores = spoiled(told.scores)
    scores["test"]["per_class"] = {EVIL: told.scores["test"]["per_class"]["1"]}
    case = told.cases[-1]
    evil = replace(
        told, name=EVIL, facts=facts, scores=scores, card=spoiled(told.card),
        classes=(EVIL, *told.classes[1:]), divided={"train": {EVIL: 3}}, layers=EVIL,
        cases=(Case(EVIL, "test", EVIL, "1", 0.9, True, 4.0), case),
        knobs=(Knob(EVIL, EVIL, "x"), Knob(EVIL, EVIL, EVIL)),
        commands=(Command(EVIL, EVIL),), missing=(EVIL,),
    )  # fmt: skip
    for shown in (
        evil,
        replace(evil, thumbnails={EVIL: b"\xff\xd8"}),
        replace(evil, status="failed"),
    ):
        whole = page(shown)
        found = Read(whole)
        assert not found.faults
        assert not found.all("script")
        assert not [name for _, held in found.tags for name in held if name.startswith("on")]
        assert "alert(1)" in found.text
        assert "\udcff" not in whole
        assert "\u202e" not in whole
        whole.encode("utf-8")


def spoiled(value: Any) -> Any:
    """Every text of a JSON value replaced; keys stay, for they are what is looked for."""
    if isinstance(value, str):
        return EVIL
    if isinstance(value, dict):
        return {key: spoiled(one) for key, one in value.items()}
    return [spoiled(one) for one in value] if isinstance(value, list) else value


def test_whatever_stands_in_the_tables_a_page_comes_out(small: Told) -> None:
    odd: tuple[Any, ...] = (
        None,
        True,
        "x",
        "",
        [],
        {},
        [[]],
        -1,
        0,
        1e308,
        -0.5,
        10**30,
        [None, {}],
        {"a": [1]},
    )
    chance = random.Random(0)
    held = {"facts": dict(small.facts), "scores": dict(small.scores), "card": dict(small.card)}
    places = list(leaves(held))
    for place in chance.sample(places, 30):
        spoilt = copy.deepcopy(held)
        inner: Any = spoilt
        for step in place[:-1]:
            inner = inner[step]
        inner[place[-1]] = chance.choice(odd)
        facts, scores, card = spoilt["facts"], spoilt["scores"], spoilt["card"]
        made = page(replace(small, facts=facts, scores=scores, card=card))
        assert not Read(made).faults, place


def leaves(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to everything in a JSON value."""
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, one in items:
        if at:
            yield (*at, key)
        yield from leaves(one, (*at, key))


def test_what_is_not_known_is_left_out_and_said(told: Told) -> None:
    bare = Told("run", "running", {"id": "x", "status": "running"}, missing=("scores: gone",))
    found = read(bare)
    assert "This run is still going on" in found.text
    assert "Nothing was judged yet" in found.text
    assert "scores: gone" in found.text
    assert [held["id"] for held in found.all("h2")] == ["machine"]
    looks = read(replace(bare, evaluations=told.evaluations)).text
    assert "The last look at val on the way, at step 400, saw 90.0%." in looks


def test_a_run_that_failed_says_so_before_its_figures(told: Told) -> None:
    facts = {**told.facts, "reason": "NotFinite: the loss is no number"}
    text = read(replace(told, status="failed", facts=facts)).text
    said = "This run failed before its end. It says: NotFinite: the loss is no number"
    assert text.index(said) < text.index("right on test")


def test_every_look_is_in_the_table_of_numbers(told: Told) -> None:
    text = read(told).text
    for row in told.evaluations:
        assert f"{row['step']} " in text
        assert f" {row['val_loss']:.4f} " in text


def test_many_looks_are_thinned_and_the_last_stays(told: Told) -> None:
    many = tuple({"step": i, "val_loss": 1 / i, "train_loss": 1 / i} for i in range(1, 1002))
    text = read(replace(told, evaluations=many)).text
    assert "Every 6th of 1,001 looks" in text
    assert "1,001 – – 0.0010" in text


def test_what_differs_from_the_default_comes_before_the_whole_recipe(told: Told) -> None:
    text = read(told).text
    assert "budget_s 60 300" in text
    assert "optimiser.name nesterov auto" in text
    assert text.index("changed value default") < text.index("The whole recipe, 7 knobs")
    plain = replace(told, knobs=(Knob("seed", "0", "0"),))
    assert "Every knob stands at its default." in read(plain).text


def test_findings_are_sorted_by_how_grave_they_are(told: Told) -> None:
    findings = [
        {"code": "c", "severity": s, "text": f"it is a {s}"} for s in ("note", "error", "warning")
    ]
    text = read(replace(told, facts={**told.facts, "findings": findings})).text
    at = [text.index(f"it is a {s}") for s in ("error", "warning", "note")]
    assert at == sorted(at)


def test_slices_are_called_worse_where_judging_says_so(told: Told) -> None:
    low = {
        "fact": "folder",
        "name": "bad",
        "count": 50,
        "accuracy": 0.5,
        "interval_95": [0.36, 0.64],
    }
    low |= {"p": 0.001, "is_below": True}
    wide = {"fact": "folder", "name": "few", "count": 5, "accuracy": 0.4, "is_below": False}
    scores = {**told.scores, "slices": [wide, low]}
    text = read(replace(told, scores=scores)).text
    by_fact = {**scores, "slices": {"folder": [wide, low]}}
    assert read(replace(told, scores=by_fact)).text == text
    part = text[text.index("Of 2 groups") : text.index("All groups, the worst first")]
    assert "1 is worse than the rest by more than chance" in part
    assert "folder bad 50 50.0% (36.0–64.0)" in part
    assert "few" not in part
    none = read(replace(told, scores={**scores, "slices": [wide]})).text
    assert "Of 1 group of pictures none is worse than the rest" in none


def test_the_golden_page_holds_no_place_of_a_machine() -> None:
    text = (HERE / "report.out").read_text(encoding="utf-8")
    assert not re.search(r"/tmp|pytest-", text)
    assert json.dumps(text)
