"""The table as text and as plain data."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from striate.geometry.shape import Shape
from striate.grammar.plan import Plan
from striate.grammar.sheet import HEADERS, Sheet, aligned, data_size, short_count

EXAMPLE = "3x32x32: (conv3p1-64 bn relu)*2 max2 (conv3p1-128 bn relu)*2 max2 gap fc10"
ODD = (
    "3x65x50: stem=(conv3s3-8 leaky) {conv3p1-8} [conv1b0-4 | avg3s1p1] se lrn max3s2c avgto5x4 "
    "fc10b0 softmax"
)


def test_the_table_of_the_example_is_the_golden_one(golden: Callable[..., None]) -> None:
    golden("plan/example_table.out", str(Plan.read(EXAMPLE)))


def test_the_table_of_an_odd_network_is_the_golden_one(golden: Callable[..., None]) -> None:
    golden("plan/odd.out", Plan.read(ODD).sheet.table(batch=8))


def test_the_plain_data_of_an_odd_network_is_the_golden_one(golden: Callable[..., None]) -> None:
    golden("plan/odd.json", json.dumps(Plan.read(ODD).to_dict(batch=8), indent=1))


def test_the_plain_data_has_the_keys_that_were_promised() -> None:
    said = Plan.read(EXAMPLE).to_dict()
    assert {
        "schema_version", "text", "input", "parameters", "macs", "flops", "activation_bytes",
        "receptive_field", "layers",
    } <= said.keys()  # fmt: skip
    assert {
        "name", "word", "output", "parameters", "macs", "receptive_field", "jump", "remainder", "unseen",
    } <= said["layers"][0].keys()  # fmt: skip
    assert said["input"] == [3, 32, 32]
    assert said["receptive_field"] == [16, 16]
    assert said["layers"][-1]["receptive_field"] is None
    assert said["text"] == EXAMPLE


def test_sums_are_those_of_the_rows() -> None:
    sheet = Plan.read(EXAMPLE).sheet
    assert sheet.parameters == sum(row["parameters"] for row in sheet.to_dict()["layers"])
    assert sheet.flops == 2 * sheet.macs == 2 * sum(layer.macs for layer in sheet.layers)
    counts = [c * h * w for c, h, w in (row["output"] for row in sheet.to_dict()["layers"])]
    assert sheet.activation_bytes(3) == 3 * 4 * sum(counts)
    assert sheet.training_bytes(3) == sheet.activation_bytes(3) + 12 * sheet.parameters


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("conv3 conv3 gap fc10", (5, 5)),
        ("conv3 conv3 flatten", (5, 5)),
        ("conv3 conv3 fc10 relu fc10", (5, 5)),
        ("conv3 avgto4 conv3", (3, 3)),
        ("conv3x5", (3, 5)),
        ("conv3 se conv3 gap", None),
        ("fc10", (1, 1)),
    ],
)
def test_the_receptive_field_is_that_of_the_last_map(
    text: str, field: tuple[int, int] | None
) -> None:
    sheet = Plan.read("3x32x32: " + text).sheet
    assert sheet.receptive_field == field
    line = (
        f"{field[0]} x {field[1]} of 32 x 32 pixels, at the last map"
        if field
        else "the whole picture"
    )
    assert f"receptive field  {line}" in sheet.table()


def test_only_a_softmax_at_the_end_is_left_to_the_loss() -> None:
    assert "left to the loss" in str(Plan.read("3x8x8: fc10 softmax"))
    assert "left to the loss" not in str(Plan.read("3x8x8: fc10 softmax relu"))
    assert "left to the loss" not in str(Plan.read("3x8x8: softmax"))


def test_weights_that_are_shared_are_counted_once_and_said() -> None:
    rows = Plan.read("3x8x8: conv3-4 conv3-4").layers
    sheet = Sheet(
        "two", Shape(3, 8, 8), rows, shared=100, notes=("a note",), unsupported=("aten.x",)
    )
    assert sheet.parameters == rows[0].parameters + rows[1].parameters - 100
    lines = sheet.table().splitlines()[-3:]
    assert lines[0].startswith("shared weights   100 parameters")
    assert lines[1] == "a note"
    assert lines[2].startswith("not counted      aten.x: this operator is not known")
    assert sheet.to_dict()["unsupported"] == ["aten.x"]


def test_a_field_that_is_only_a_bound_is_marked() -> None:
    assert " ≤6 " in str(Plan.read("1x11x11: avgto2 conv1"))


def test_a_narrow_table_shortens_names_from_their_front() -> None:
    plan = Plan.read("3x32x32: outermost=(innermost=(conv3p1-64 relu))")
    wide, narrow = plan.sheet.table().splitlines(), plan.sheet.table(width=70).splitlines()
    assert max(map(len, wide[:4])) > 70 >= max(map(len, narrow[:4]))
    assert narrow[2].startswith("…")
    assert narrow[2].split()[0].endswith(".conv1")


def test_columns_without_anything_in_them_are_left_out() -> None:
    lines = aligned([HEADERS, ("a", "", "", "1", *[""] * 6), ("bcd", "", "", "23", *[""] * 6)])
    assert lines == ["layer  parameters", "a               1", "bcd            23"]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"), (999, "999"), (1000, "1.000 k"), (9999, "9.999 k"), (99_996, "100.0 k"),
        (9_999_600, "10.00 M"), (999_949, "999.9 k"), (999_950, "1.000 M"), (118_013_952, "118.0 M"),
        (4_089_184_256, "4.089 G"), (10**15, "1000.0 T"),
    ],
)  # fmt: skip
def test_counts_have_four_digits(number: int, text: str) -> None:
    assert short_count(number) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (2_460_000, "2.5 MB"),
    ],
)
def test_bytes_are_told_in_decimal_units(count: int, text: str) -> None:
    assert data_size(count) == text
