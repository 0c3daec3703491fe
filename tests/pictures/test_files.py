"""Every rule at the top of files.py, against tables made by hand and by NumPy."""

from __future__ import annotations

import csv
import io
import os
import struct
import threading
import time
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from striate.errors import Unreadable
from striate.pictures import files
from striate.pictures.audit.squares import decode_for_audit
from striate.pictures.files import (
    SIX_FORMATS,
    Header,
    Pixels,
    Rules,
    decode,
    read,
    read_bytes,
    resized,
    thumbnail,
    to_jpeg,
    to_png,
)

# What EXIF's orientations say of the stored rows and columns, by the standard's own table.
UPRIGHT = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: a.swapaxes(0, 1)[:, ::-1],
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: a.swapaxes(0, 1)[::-1],
}


def with_header(data: bytes) -> tuple[Pixels, Header]:
    """The pixels, and what the header said."""
    looked = decode_for_audit(data, Rules())
    return looked.stored[:, :, :3], looked.header


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    held = io.BytesIO()
    image.save(held, kind, **options)
    return held.getvalue()


def blocks() -> np.ndarray:
    """16 x 32 in four flat colours, so that JPEG keeps them nearly."""
    picture = np.zeros((16, 32, 3), np.uint8)
    picture[:8, :16], picture[:8, 16:] = (250, 10, 10), (10, 250, 10)
    picture[8:, :16], picture[8:, 16:] = (10, 10, 250), (240, 240, 240)
    return picture


def png(width: int, height: int, depth: int, colour: int, rows: bytes, *more: bytes) -> bytes:
    """A PNG written by hand, so that no library has a say in what it holds."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    step = len(rows) // height
    lines = b"".join(b"\0" + rows[i * step : (i + 1) * step] for i in range(height))
    parts = [
        chunk(b"IHDR", header),
        *more,
        chunk(b"IDAT", zlib.compress(lines)),
        chunk(b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


@pytest.mark.parametrize("orientation", sorted(UPRIGHT))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_turned_picture_is_set_upright(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    known: dict[str, dict[str, object]] = {
        "JPEG": {"quality": 100, "subsampling": 0},
        "WEBP": {"lossless": True},
    }
    options = known.get(kind, {})
    data = saved(Image.fromarray(blocks()), kind, exif=exif.tobytes(), **options)
    pixels, header = with_header(data)
    wanted = UPRIGHT[orientation](blocks())
    assert pixels.shape == wanted.shape
    assert np.abs(pixels.astype(int) - wanted).max() <= (12 if kind == "JPEG" else 0)
    assert (header.orientation, header.size) == (orientation, (16, 32))


@pytest.mark.filterwarnings("ignore")
def test_damaged_exif_counts_as_none() -> None:
    data = saved(Image.fromarray(blocks()), "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xffrubbish")
    pixels, header = with_header(data)
    assert (pixels.shape, header.orientation) == ((16, 32, 3), 1)


def test_a_16_bit_ramp_is_scaled_and_not_cut() -> None:
    ramp = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    data = png(256, 256, 16, 0, ramp.astype(">u2").tobytes())
    found = decode(data, Rules(mode="L"))[:, :, 0].ravel().astype(int)
    assert (found[0], found[-1]) == (0, 255)
    assert (np.diff(found) >= 0).all()
    assert len(np.unique(found)) >= 250
    assert np.abs(found - np.arange(65536) / 257).max() <= 0.5


def test_a_16_bit_tiff_follows_the_same_rule() -> None:
    ramp = np.linspace(0, 65535, 4096).astype(np.uint16).reshape(64, 64)
    found = decode(saved(Image.fromarray(ramp), "TIFF"), Rules(mode="L"))[:, :, 0]
    assert np.abs(found.astype(float) - ramp / 257).max() <= 0.5


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([0, 100, 255, 7], [0, 100, 255, 7]),
        ([0, 257, 65535, 514], [0, 1, 255, 2]),
        ([-5, 0, 70000, 65535], [0, 0, 255, 255]),
    ],
)
def test_whole_numbers_of_32_bits_are_cut_and_scaled(values: list[int], wanted: list[int]) -> None:
    data = saved(Image.fromarray(np.array(values, np.int32).reshape(2, 2)), "TIFF")
    assert decode(data, Rules(mode="L")).ravel().tolist() == wanted


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([0, 0.5, 1, 0.25], [0, 128, 255, 64]),
        ([0, 12.4, 255, 200], [0, 12, 255, 200]),
        ([-1, 0, 1, 0.5], [0, 128, 255, 191]),
        ([0, 1000, 500, 250], [0, 255, 128, 64]),
        ([float("nan"), 1, 0, 0.5], [0, 255, 0, 128]),
        ([float("nan")] * 4, [0, 0, 0, 0]),
        ([float("inf"), 1, 0, 0.5], [255, 255, 0, 128]),
        ([3000, 3000, 3000, 3000], [0, 0, 0, 0]),
    ],
)
def test_floats_are_scaled_by_what_they_span(values: list[float], wanted: list[int]) -> None:
    data = saved(Image.fromarray(np.array(values, np.float32).reshape(2, 2)), "TIFF")
    assert decode(data, Rules(mode="L")).ravel().tolist() == wanted


def test_cmyk_becomes_rgb_without_a_profile() -> None:
    inks = np.zeros((8, 8, 4), np.uint8)
    inks[:, 4:] = (0, 255, 255, 0)
    found = decode(saved(Image.fromarray(inks, "CMYK"), "TIFF"))
    assert found[0, 0].tolist() == [255, 255, 255]
    assert found[0, 7].tolist() == [255, 0, 0]


def test_a_palette_gives_its_colours() -> None:
    palette = chunk(b"PLTE", bytes([255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 8, 7]))
    found = decode(png(4, 1, 8, 3, bytes([0, 1, 2, 3]), palette))
    assert found[0].tolist() == [[255, 0, 0], [0, 255, 0], [0, 0, 255], [9, 8, 7]]


def test_a_transparent_palette_colour_shows_the_background() -> None:
    palette = chunk(b"PLTE", bytes([255, 0, 0, 0, 255, 0]))
    data = png(2, 1, 8, 3, bytes([0, 1]), palette, chunk(b"tRNS", bytes([0, 255])))
    assert decode(data)[0].tolist() == [[255, 255, 255], [0, 255, 0]]
    behind = Rules(background=(1, 2, 3))
    assert decode(data, behind)[0].tolist() == [[1, 2, 3], [0, 255, 0]]


def test_a_transparent_colour_of_rgb_shows_the_background() -> None:
    data = png(2, 1, 8, 2, bytes([9, 9, 9, 5, 6, 7]), chunk(b"tRNS", struct.pack(">HHH", 9, 9, 9)))
    assert decode(data)[0].tolist() == [[255, 255, 255], [5, 6, 7]]


@pytest.mark.parametrize("alpha", [0, 51, 128, 255])
def test_alpha_is_laid_over_the_background(alpha: int) -> None:
    behind = Rules(background=(10, 20, 30))
    part = alpha / 255
    found = decode(png(1, 1, 8, 6, bytes([200, 100, 50, alpha])), behind)[0, 0]
    wanted = part * np.array([200, 100, 50]) + (1 - part) * np.array([10, 20, 30])
    assert np.abs(found - wanted).max() <= 1
    grey = decode(png(1, 1, 8, 4, bytes([200, alpha])), behind)[0, 0]
    assert np.abs(grey - (part * 200 + (1 - part) * np.array([10, 20, 30]))).max() <= 1


def test_one_bit_is_black_and_white() -> None:
    found = decode(png(8, 1, 1, 0, bytes([0b10110010])), Rules(mode="L"))
    assert found.ravel().tolist() == [255, 0, 255, 255, 0, 0, 255, 0]


def test_48_bit_colour_keeps_its_high_bits() -> None:
    values = np.array([[0, 0x8000, 0xFFFF], [0x1234, 0x4321, 0x00FF]], np.uint16)
    found = decode(png(2, 1, 16, 2, values.astype(">u2").tobytes()))[0].astype(int)
    assert np.abs(found - values / 257).max() <= 1


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_of_an_animation_the_first_frame_is_taken(kind: str) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ((255, 0, 0), (0, 0, 255))]
    options = {"lossless": True} if kind == "WEBP" else {}
    data = saved(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    pixels, header = with_header(data)
    assert (pixels == (255, 0, 0)).all()
    assert header.animated


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1)])
def test_thin_and_single_pixels_are_pictures(size: tuple[int, int]) -> None:
    width, height = size
    data = saved(Image.new("RGB", size, (1, 2, 3)), "PNG")
    assert decode(data).shape == (height, width, 3)
    seen = decode_for_audit(data, Rules())
    assert seen.small.shape == (48, 48)
    assert max(seen.grey.shape) <= 256


def test_grey_is_the_luma_of_itu_601(rng: np.random.Generator) -> None:
    colour = rng.integers(0, 256, (20, 20, 3), dtype=np.uint8)
    found = decode(to_png(colour), Rules(mode="L"))[:, :, 0]
    wanted = colour @ np.array([0.299, 0.587, 0.114])
    assert np.abs(found - wanted).max() <= 1


@pytest.mark.parametrize("kind", SIX_FORMATS)
def test_each_of_the_six_formats_is_read_whatever_the_ending_says(
    kind: str, tmp_path: Path
) -> None:
    path = tmp_path / "picture.of_another_kind"
    path.write_bytes(saved(Image.fromarray(blocks()), kind))
    pixels, header = with_header(path.read_bytes())
    assert (header.format, pixels.shape) == (kind, (16, 32, 3))
    assert read(path).shape == (16, 32, 3)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"no picture at all", "no picture of a known format"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "."),
        (saved(Image.fromarray(blocks()), "JPEG")[:300], "cut off"),
        (saved(Image.fromarray(blocks()), "PPM"), "no picture of a known format"),
        (saved(Image.fromarray(blocks()), "PDF"), "no picture of a known format"),
    ],
)
def test_what_is_no_picture_is_refused_with_a_reason(data: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        decode(data)


@pytest.mark.parametrize("kind", SIX_FORMATS)
@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
def test_a_file_that_is_cut_off_never_becomes_a_picture(
    kind: str, part: float, rng: np.random.Generator
) -> None:
    noise = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
    data = saved(Image.fromarray(noise), kind)
    with pytest.raises(Unreadable):
        decode(data[: int(len(data) * part)])


def test_a_header_with_too_many_pixels_is_refused_before_decoding() -> None:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
    begun = time.monotonic()
    with pytest.raises(Unreadable, match="pixels"):
        decode(data)
    assert time.monotonic() - begun < 10


def test_limits_of_bytes_hold_for_files_and_for_data(tmp_path: Path) -> None:
    data = to_png(blocks())
    (tmp_path / "large.png").write_bytes(data + b"\0" * 2**20)
    with pytest.raises(Unreadable, match="larger than"):
        read_bytes(tmp_path / "large.png", 2**20)
    with pytest.raises(Unreadable, match="larger than"):
        decode(data, Rules(max_bytes=10))


def test_what_the_system_refuses_is_worded(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="the system says: No such file"):
        read_bytes(tmp_path / "nothing.png")
    with pytest.raises(Unreadable, match="the system says"):
        read_bytes(tmp_path)


def test_a_format_that_is_not_allowed_is_refused() -> None:
    data = to_jpeg(blocks())
    assert decode(data, Rules(formats=("JPEG",))).shape == (16, 32, 3)
    with pytest.raises(Unreadable, match="known format"):
        decode(data, Rules(formats=("PNG",)))


def test_png_and_back_loses_nothing(rng: np.random.Generator) -> None:
    for channels in (1, 3):
        pixels = rng.integers(0, 256, (9, 7, channels), dtype=np.uint8)
        assert np.array_equal(
            decode(to_png(pixels), Rules(mode="L" if channels == 1 else "RGB")), pixels
        )


def test_resizing_keeps_a_flat_picture_flat_and_the_mean_of_any(rng: np.random.Generator) -> None:
    flat = np.full((50, 70, 3), 77, np.uint8)
    assert (resized(flat, 20, 30) == 77).all()
    noise = rng.integers(0, 256, (64, 64, 1), dtype=np.uint8)
    small = resized(noise, 16, 16)
    assert small.shape == (16, 16, 1)
    assert abs(float(small.mean()) - float(noise.mean())) < 2


def test_a_thumbnail_is_a_small_upright_jpeg() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = saved(Image.fromarray(blocks().repeat(20, 0).repeat(20, 1)), "JPEG", exif=exif.tobytes())
    with Image.open(io.BytesIO(thumbnail(data, 64))) as small:
        assert (small.format, small.size) == ("JPEG", (32, 64))
    with pytest.raises(Unreadable, match="known format"):
        thumbnail(b"rubbish", 64)


def test_the_reason_for_a_fault_is_one_line() -> None:
    assert files.reason(ValueError("one\ntwo")) == "one (ValueError)"
    assert files.reason(KeyError()) == "KeyError"


@pytest.fixture(scope="module")
def corpus(data: Path) -> tuple[zipfile.ZipFile, list[dict[str, str]]]:
    folder = data / "badimages"
    if not (folder / "INDEX.tsv").exists():
        pytest.skip("needs shared data: badimages/INDEX.tsv is not there")
    with open(folder / "INDEX.tsv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return zipfile.ZipFile(folder / "badimages.zip"), rows


@pytest.mark.filterwarnings("ignore")
def test_the_corpus_of_broken_files_is_read_as_its_index_says(
    corpus: tuple[zipfile.ZipFile, list[dict[str, str]]],
) -> None:
    archive, rows = corpus
    rules, differing, good = Rules(formats=SIX_FORMATS), [], 0
    for row in rows:
        try:
            decode(archive.read(row["path"]), rules)
            was_read = True
        except Unreadable as fault:
            was_read = not fault.text  # a refusal without a reason is none
        good += was_read
        if was_read != (row["exif_transpose"] == "ok"):
            differing.append(row["path"])
    assert not differing
    assert (len(rows), good) == (8163, 2210)


def test_heic_is_read_where_its_plugin_is_installed() -> None:
    plugin = pytest.importorskip("pillow_heif", reason="pillow_heif is not installed")
    gradient = np.linspace(0, 255, 64, dtype=np.uint8)[None, :, None].repeat(48, 0).repeat(3, 2)
    held = io.BytesIO()
    plugin.from_bytes("RGB", (64, 48), gradient.tobytes()).save(held, quality=100)
    found = decode(held.getvalue())
    assert found.shape == (48, 64, 3)
    assert np.abs(found.astype(int) - gradient).max() < 12


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.jpg")
    writer = threading.Timer(5.0, lambda: (tmp_path / "x.jpg").write_bytes(b"late"))
    writer.daemon = True
    writer.start()  # ends the wait of a reader that waits after all
    with pytest.raises(Unreadable, match="no plain file"):
        read_bytes(tmp_path / "x.jpg")
    writer.cancel()


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this system has no /dev/zero")
def test_a_device_is_refused() -> None:
    with pytest.raises(Unreadable, match="no plain file"):
        read_bytes("/dev/zero")


def test_a_name_that_no_file_can_have_is_refused_with_a_reason() -> None:
    with pytest.raises(Unreadable, match="null"):
        read_bytes("a\0b.jpg")


def test_the_size_is_read_from_the_header_alone() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (30, 41, 3), np.uint8)
    data = files.to_jpeg(noise)
    assert files.size_of(data) == (30, 41)
    assert files.size_of(data[:-200]) == (30, 41)
    with pytest.raises(Unreadable, match="no picture of a known format"):
        files.size_of(b"nothing")


@pytest.mark.parametrize("orientation", sorted(UPRIGHT))
def test_the_size_is_that_of_the_picture_as_it_is_seen(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(Image.fromarray(blocks()), "JPEG", exif=exif.tobytes())
    assert files.size_of(data) == UPRIGHT[orientation](blocks()).shape[:2]
