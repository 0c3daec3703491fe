"""The report: one file, everything in it, nothing from outside."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from striate.pictures.audit import audit_page
from striate.pictures.audit.audit_page import page
from tests.pictures.audit.test_findings import audited
from tests.pictures.photographs import folder, photograph

VOID = {"meta", "img", "br", "rect", "line", "link", "input"}


class Checker(HTMLParser):
    """Whether every element is closed where it should be, and what is referred to."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.sources: list[str] = []
        self.names: set[str] = set()
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        given = dict(attrs)
        self.sources += [str(given[k]) for k in ("src", "href") if k in given]
        self.names |= {str(given["id"])} if "id" in given else set()
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


def checked(text: str) -> Checker:
    found = Checker()
    found.feed(text)
    assert found.open == []
    return found


def test_the_report_needs_nothing_from_outside_and_holds_everything(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    one = photograph(rng)
    files: dict[str, Any] = {f"train/{'ab'[i % 2]}/{i}.jpg": photograph(rng) for i in range(20)}
    files |= {
        "train/a/x.png": one,
        "val/b/x.png": one,
        "val/a/y.jpg": one[:, ::-1],
        "val/a/bad.jpg": b"no",
    }
    text = page(audited(folder(tmp_path, files, {"train": 0, "val": 1})), "my <data>")
    found = checked(text)
    assert all(s.startswith(("data:image/jpeg;base64,", "#")) for s in found.sources)
    assert {s[1:] for s in found.sources if s.startswith("#")} <= found.names
    assert "script" not in found.tags
    assert "my &lt;data&gt;" in text
    for words in (
        "Training on this would be wrong",
        "label-conflict",
        "it is no picture",
        "shorter side",
    ):
        assert words in text
    assert text.count("<img ") >= 5


def test_names_that_are_markup_stay_text(tmp_path: Path, rng: np.random.Generator) -> None:
    name = '"><script>alert(1)<'
    text = page(audited(folder(tmp_path, {f"{name}/1.jpg": b"x", "b/2.jpg": photograph(rng)})), "x")
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)" in text
    checked(text)


def test_a_report_on_200_pictures_is_under_three_megabytes(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    files = {
        f"{i % 4}/{i}.jpg": photograph(rng, 200, 300) // (1 if i % 3 else 30) for i in range(200)
    }
    text = page(audited(folder(tmp_path, files)), "x")
    assert len(text) < 3 * 2**20


def test_a_set_of_which_nothing_can_be_read_has_a_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_page, "_ROWS", 3)
    text = page(audited(folder(tmp_path, {f"{i}/1.jpg": b"x" for i in range(25)})), "x")
    assert "22 more are not shown here" in text
    assert "22 more classes are not shown here" in text
    assert re.search(r"<details><summary>25 files</summary>", text)
    checked(text)
