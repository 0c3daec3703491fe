"""One reading for one text, or none."""

from __future__ import annotations

import pytest

from striate.keeping.strict_json import parse


def test_values_are_those_that_json_means() -> None:
    assert parse('{"a": [1, 2.5, null, true, "é"], "b": {}}'.encode()) == {
        "a": [1, 2.5, None, True, "é"],
        "b": {},
    }
    assert parse(memoryview(bytearray(b" 7 "))) == 7


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b'{"a": 1, "b": 2, "a": 1}', "the name 'a' stands twice"),
        (b'[{"x": {"a": 1, "a": 2}}]', "the name 'a' stands twice"),
        (b"NaN", "NaN is no JSON"),
        (b"[-Infinity]", "-Infinity is no JSON"),
        (b'"\xff"', "no UTF-8 at byte 1"),
        (b"\xef\xbb\xbf{}", "BOM"),
        (b"", "Expecting value"),
        (b"{} {}", "Extra data"),
        (b"[" * 1_000_000, "nested too deep"),
        (b'{"a":' * 200_000, "nested too deep"),
        (b"1" * 5000, "Exceeds the limit"),
    ],
)
def test_what_parsers_read_differently_is_refused_with_a_reason(text: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as told:
        parse(text)
    assert "\n" not in str(told.value)
