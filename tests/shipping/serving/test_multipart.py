"""Forms are read by the letter of RFC 7578, and everything else is a sentence."""

from __future__ import annotations

import random

import pytest

from striate.shipping.serving.multipart import BadForm, Part, parts
from tests.shipping.serving.served import form

KIND = "multipart/form-data; boundary=b"


def test_what_is_written_is_read() -> None:
    data = bytes(range(256)) * 10 + b"\r\n--x-boundary-y\r\n--"
    body, kind = form(("a.jpg", data), ("", b""), ("ü.png", b"\r\n"))
    assert parts(kind, body, 5) == [
        Part("file", "a.jpg", data), Part("file", "", b""), Part("file", "ü.png", b"\r\n"),
    ]  # fmt: skip


def test_a_quoted_boundary_and_other_parameters_are_read() -> None:
    body = b'--b c\r\ncontent-disposition: form-data; name="n"\r\n\r\nx\r\n--b c--\r\n'
    kind = 'multipart/form-data; charset=utf-8; Boundary="b c"'
    assert parts(kind, body, 1) == [Part("n", None, b"x")]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"--", b"--b", b"--b\r\n", b"--b\r\n\r\n", b"--bx\r\n\r\n\r\n--b--", b"x--b--",
        b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx',
        b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--b',
        b"--b\r\nX: y\r\n\r\nx\r\n--b--",
        b'--b\r\nContent-Disposition: form-data; name="a"\r\n' + b"X: y\r\n" * 2000 + b"\r\n\r\n--b--",
        b'--b\r\nContent-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: base64\r\n\r\nx'
        b"\r\n--b--",
    ],
)  # fmt: skip
def test_a_body_that_is_no_form_is_a_sentence(body: bytes) -> None:
    with pytest.raises(BadForm):
        parts(KIND, body, 5)


@pytest.mark.parametrize(
    "kind",
    ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=" + "a" * 71,
     'multipart/form-data; boundary="a\\"b"', 'multipart/form-data; boundary="a "', "x; boundary=a b"],
)  # fmt: skip
def test_a_boundary_that_cannot_be_is_refused(kind: str) -> None:
    with pytest.raises(BadForm, match="boundary"):
        parts(kind, b"--a--", 5)


def test_too_many_parts_are_told_apart_from_a_bad_form() -> None:
    body, kind = form(*[("a", b"x")] * 6)
    assert len(parts(kind, body, 6)) == 6
    with pytest.raises(BadForm, match="at most 5") as fault:
        parts(kind, body, 5)
    assert fault.value.too_many


def test_a_flood_of_near_boundaries_takes_no_time() -> None:
    body = b"--" + b"a" * 70 + b"\r\n" + (b"\r\n--" + b"a" * 69) * 200_000
    with pytest.raises(BadForm):
        parts(f"multipart/form-data; boundary={'a' * 70}", body, 64)


def test_mutated_forms_are_read_or_refused_and_nothing_else() -> None:
    draw = random.Random(1)
    whole, kind = form(("a.jpg", b"12345"), ("b.jpg", b"\r\n--x"))
    for _ in range(5000):
        body = bytearray(whole)
        for _ in range(draw.randint(1, 8)):
            at = draw.randrange(len(body))
            if draw.random() < 0.5:
                body[at] = draw.choice(b'-\r\n:;="x\0\xff')
            else:
                del body[at : at + draw.randint(1, 9)]
        try:
            found = parts(kind, bytes(body), 64)
        except BadForm:
            continue
        assert sum(len(part.data) for part in found) <= len(body)
