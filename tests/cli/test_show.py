"""`striate show` as a user types it."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
import pytest

from striate.cli.show import TOPICS, Topic
from tests.lectures.reading import cells, frames_in

IMAGE = "1 1 1 0 0/0 1 1 1 0/0 0 1 1 1/0 0 1 1 0/0 1 1 0 0"
KERNEL = "1 0 1/0 1 0/1 0 1"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_the_help_of_every_topic_is_as_agreed(
    striate: Callable, golden: Callable, topic: Topic
) -> None:
    done = striate("show", topic.name, "--help")
    assert done.code == 0, done.err
    assert "Examples:" in done.out
    golden(f"show/help_{topic.name}.out", done.out)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_every_topic_has_an_example_without_flags_and_its_json_is_json(
    striate: Callable, golden: Callable, topic: Topic
) -> None:
    done = striate("show", topic.name)
    assert done.code == 0, done.err
    golden(f"show/{topic.name}.out", done.out)
    held = json.loads(striate("show", topic.name, "--json").out)
    assert held["schema_version"] == 1
    assert held["values"]


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
@pytest.mark.parametrize(
    "flag", ["conv --bias", "matrix --bias", "svm --margin", "dropout --p", "race --within"]
)
def test_a_flag_takes_no_number_that_cannot_be_reckoned_with(
    striate: Callable, flag: str, value: str
) -> None:
    done = striate("show", *flag.split(), value)
    assert done.code == 2
    assert "is no number that can be reckoned with" in done.err


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_no_number_of_a_topic_may_be_nan(topic: Topic) -> None:
    command = getattr(
        importlib.import_module(f"striate.cli.{topic.file}"), topic.name.replace("-", "_")
    )
    assert click.FLOAT not in [option.type for option in command.params]


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_the_table_of_topics_names_a_command(topic: Topic) -> None:
    module = importlib.import_module(f"striate.cli.{topic.file}")
    assert isinstance(getattr(module, topic.name.replace("-", "_")), click.Command)


def test_show_alone_lists_the_topics(striate: Callable) -> None:
    assert striate("show").out == striate("show", "--help").out


def test_a_topic_that_is_mistyped_is_answered_with_the_nearest(striate: Callable) -> None:
    done = striate("show", "con")
    assert done.code == 2
    assert "did you mean conv?" in done.err


def test_l1_its_numbers_stand_in_the_terminal_the_svg_and_the_arrays(striate: Callable) -> None:
    flags = ("-o", "a.svg", "--npz", "a.npz")
    done = striate("show", "conv", "--image", IMAGE, "--kernel", KERNEL, "--at", "0,1", *flags)
    assert done.code == 0, done.err
    assert "  = 3" in done.out.splitlines()
    drawn = cells(Path("a.svg").read_text(encoding="utf-8"))["output"]
    with np.load("a.npz") as held:
        assert held["output"].tolist() == [[4, 3, 4], [2, 4, 3], [2, 3, 4]]
        assert drawn == {(r, c): held["output"][r, c] for r in range(3) for c in range(3)}
    assert "written: a.svg" in done.err


def test_scores_of_ones_own_need_no_labels_but_for_the_svm(striate: Callable) -> None:
    done = striate("show", "softmax", "--scores", "1 2/3 0")
    assert done.code == 0, done.err
    assert "loss" not in done.out
    assert "loss" in striate("show", "softmax").out
    assert "loss" not in striate("show", "softmax", "--labels", "").out
    assert "L = 1.313" in striate("show", "softmax", "--scores", "1 2", "--labels", "0").out
    refused = striate("show", "svm", "--scores", "1 2/3 0")
    assert refused.code == 2
    assert "needs the right classes" in refused.err


def test_a_gif_has_a_frame_for_each_place(striate: Callable) -> None:
    done = striate("show", "conv", "--image", "1 2 3/4 5 6", "--kernel", "1 1", "-o", "a.gif")
    assert done.code == 0, done.err
    assert "written: a.gif, 4 frames" in done.err
    assert frames_in(Path("a.gif").read_bytes()) == 4


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--at", "1"), "is no place: two whole numbers with a comma"),
        (("--stride", "a"), "is no whole number, and no two with a comma"),
        (("--image", "x.jpg"), "is neither numbers nor a file"),
        (("-o", "a.txt"), "ends neither in .svg"),
    ],
)
def test_a_mistake_is_answered_in_words_and_nothing_is_written(
    striate: Callable, flags: tuple[str, ...], words: str
) -> None:
    done = striate("show", "conv", *flags)
    assert done.code in (2, 3)
    assert words in done.err
    assert not list(Path().iterdir())
