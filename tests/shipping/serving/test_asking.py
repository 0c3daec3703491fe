"""Pictures in, rows out: the same rows as in Python."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image

from striate.pictures.files import decode, to_png
from striate.shipping.classifier import load
from striate.shipping.serving import asking
from striate.shipping.serving.workers import Refused
from tests.shipping.serving import served
from tests.verbs import made


def bomb() -> bytes:
    """A PNG whose header says 100 million pixels."""
    sizes = struct.pack(">IIBBBBB", 10_000, 10_000, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", sizes), (b"IDAT", zlib.compress(bytes(100))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


def test_a_raw_picture_gets_the_row_that_python_gives() -> None:
    picture = served.pictures()[0]
    found = served.photos().post(picture)
    assert found.status == 200
    (row,) = found.json["predictions"]
    wanted = load(made.photos().path).predict(picture)[0].to_dict()
    assert row.pop("probability") == pytest.approx(wanted.pop("probability"), abs=1e-6)
    for got, right in zip(row.pop("top"), wanted.pop("top"), strict=True):
        assert got["label"] == right["label"]
        assert got["probability"] == pytest.approx(right["probability"], abs=1e-6)
    assert row == wanted


def test_a_form_gets_one_row_for_each_file_in_order_with_its_name() -> None:
    some = served.pictures()[:7]
    body, kind = served.form(*((f"{i} ü.jpg", one) for i, one in enumerate(some)))
    found = served.photos().post(body, "/predict?top=1", content_type=kind)
    rows = found.json["predictions"]
    assert [row["path"] for row in rows] == [f"{i} ü.jpg" for i in range(7)]
    wanted = load(made.photos().path).predict(list(some), top=1)
    for row, right in zip(rows, wanted, strict=True):
        assert len(row["top"]) == 1
        assert row["label"] == right.label
        assert row["probability"] == pytest.approx(right.probability, abs=1e-6)


def test_a_threshold_of_the_request_decides_what_is_sure() -> None:
    picture = served.pictures()[0]
    sure = [
        served.photos().post(picture, f"/predict?threshold={t}").json["predictions"][0]["sure"]
        for t in (0, 1)
    ]
    assert sure == [True, False]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is empty (0 bytes)"),
        (b"not a picture at all", "it is no picture of a known format"),
        (bomb(), "its header says 10000 x 10000 pixels"),
    ],
    ids=["empty", "text", "bomb"],
)
def test_what_cannot_be_read_is_422_with_the_reason_in_its_row(data: bytes, reason: str) -> None:
    found = served.photos().post(data)
    assert found.status == 422
    (row,) = found.json["predictions"]
    assert reason in row["error"]
    assert row["label"] is row["probability"] is row["sure"] is None


def test_one_bad_file_of_a_form_leaves_the_others_their_answers() -> None:
    good = served.pictures()[0]
    body, kind = served.form(("a.jpg", good), ("b.jpg", good[:300]), ("c.jpg", good))
    found = served.photos().post(body, content_type=kind)
    assert found.status == 200
    rows = found.json["predictions"]
    assert [row["error"] is None for row in rows] == [True, False, True]
    assert rows[0]["top"] == rows[2]["top"]


@pytest.mark.parametrize(
    ("path", "body", "kind", "status"),
    [
        ("/predict", b"http://127.0.0.1/cat.jpg", "image/jpeg", 400),
        ("/predict", b"file:///etc/passwd", "application/octet-stream", 400),
        ("/predict", b'{"url": "http://127.0.0.1/"}', "application/json", 415),
        ("/predict?url=http://127.0.0.1/", b"x", "image/jpeg", 400),
        ("/predict", b"http://127.0.0.1/", "text/plain", 415),
        ("/seen", b"https://example.org/", "image/png", 400),
    ],
)
def test_addresses_are_refused_with_a_sentence(
    path: str, body: bytes, kind: str, status: int
) -> None:
    found = served.photos().post(body, path, content_type=kind)
    assert found.status == status
    assert "never fetched" in found.json["error"]


@pytest.mark.parametrize("address", ["http://[::1]:1/", "HTTPS://x", "ftp://a", "file:///"])
def test_an_address_within_a_form_is_refused_too(address: str) -> None:
    body, kind = served.form(("a.jpg", address.encode()))
    assert served.photos().post(body, content_type=kind).status == 400
    field = body.replace(b'; filename="a.jpg"', b"")
    assert "never fetched" in served.photos().post(field, content_type=kind).json["error"]


@pytest.mark.parametrize(
    "query", ["top=0", "top=x", "top=1.5", "threshold=2", "threshold=nan", "k=1"]
)
def test_a_parameter_out_of_range_is_400(query: str) -> None:
    assert served.photos().post(served.pictures()[0], f"/predict?{query}").status == 400


def test_parameters_are_read_as_they_are_meant() -> None:
    assert asking.asked_for({"top": "5", "threshold": "0.5"}) == {"top": 5, "threshold": 0.5}
    assert asking.asked_for({}) == {"top": 3}
    with pytest.raises(Refused, match="no parameter"):
        asking.asked_for({"top": "5"}, ())


def test_the_picture_as_the_network_sees_it_is_a_png_of_the_prepared_pixels() -> None:
    picture = served.pictures()[3]
    found = served.photos().post(picture, "/seen")
    assert found.headers["content-type"] == "image/png"
    wanted = load(made.photos().path).preparation.decode(picture)
    assert (decode(found.body) == wanted).all()
    assert served.photos().post(b"nothing", "/seen").status == 422


def test_a_turned_a_grey_and_a_transparent_picture_get_the_rows_of_python() -> None:
    pixels = decode(served.pictures()[1])
    held = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels).save(held, "JPEG", exif=exif)
    grey = to_png(pixels[:, :, :1])
    some = [held.getvalue(), grey]
    body, kind = served.form(*(("x", one) for one in some))
    rows = served.photos().post(body, content_type=kind).json["predictions"]
    for row, right in zip(rows, load(made.photos().path).predict(some), strict=True):
        assert row["probability"] == pytest.approx(right.probability, abs=1e-6)
