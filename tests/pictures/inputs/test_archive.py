"""Archives read in place: the same rows as the folder, and nothing hostile gets in."""

from __future__ import annotations

import io
import os
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from striate.errors import ArchiveRefused, NoPictures, Unreadable
from striate.pictures.inputs import archive, archive_tar
from striate.pictures.inputs.archive import safe_member
from striate.pictures.inputs.archive_tar import open_tar
from striate.pictures.inputs.archive_zip import open_zip
from striate.pictures.opening import open_data
from tests.pictures.trees import codes, finding, many, plant, png, tarred, two_classes, zipped

LAYOUT = [
    *two_classes("train/"),
    *two_classes("val/"),
    *many("train/cat/deep/er", 3),
    "train/a-b/1.jpg",
    "train/a/1.jpg",
    "train/.git/x.jpg",
    "notes.txt",
    "val/cat/Thumbs.db",
]
KINDS: list[tuple[str, Callable[..., Path], dict[str, object]]] = [
    ("a.zip", zipped, {}),
    ("b.zip", zipped, {"compression": zipfile.ZIP_DEFLATED}),
    ("a.tar", tarred, {}),
    ("a.tar.gz", tarred, {"mode": "w:gz"}),
    ("a.tgz", tarred, {"mode": "w:gz"}),
    ("a.tar.bz2", tarred, {"mode": "w:bz2"}),
    ("a.tar.xz", tarred, {"mode": "w:xz"}),
]


@pytest.mark.parametrize(("name", "make", "options"), KINDS, ids=[kind[0] for kind in KINDS])
def test_an_archive_is_read_as_the_folder_it_was_made_of(
    tmp_path: Path, name: str, make: Callable[..., Path], options: dict[str, object]
) -> None:
    folder = open_data(plant(tmp_path / "folder", *LAYOUT))
    found = open_data(make(tmp_path / name, reversed(LAYOUT), **options))
    assert found.fingerprint == folder.fingerprint
    assert codes(found) == codes(folder)
    for one in found.findings:
        assert one == finding(folder, one.code)
    for i, row in enumerate(found):
        assert found.data(i) == row.path.encode()
        assert found.source.size_bytes(i, row.path) == len(row.path)
    some = found.only(found.places("val"))
    assert some.data(3) == some.paths[3].encode()


def test_folders_without_pictures_are_known_in_archives_too(tmp_path: Path) -> None:
    names = [*two_classes(), "bird/", "./", "cat/old/"]
    for found in (
        open_data(zipped(tmp_path / "a.zip", names)),
        open_data(tarred(tmp_path / "a.tar", names[:-2])),
    ):
        assert finding(found, "empty-class").paths == ("bird",)


def test_pictures_are_decoded_from_archives(tmp_path: Path) -> None:
    names = {path: png(i) for i, path in enumerate(two_classes())}
    for path in (zipped(tmp_path / "a.zip", names), tarred(tmp_path / "a.tar", names)):
        found = open_data(path)
        assert [int(found.pixels(i)[0, 0, 0]) for i in range(len(found))] == [
            list(names).index(row.path) for row in found
        ]


def test_many_threads_read_one_archive(tmp_path: Path) -> None:
    for path in (zipped(tmp_path / "a.zip", LAYOUT), tarred(tmp_path / "a.tar", LAYOUT)):
        found = open_data(path)
        with ThreadPoolExecutor(8) as pool:
            read = list(pool.map(found.data, list(range(len(found))) * 20))
        assert read == [path.encode() for path in found.paths] * 20


def test_a_flat_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoPictures, match="pictures lie directly in"):
        open_data(zipped(tmp_path / "a.zip", ["1.jpg", "2.jpg"]))
    with pytest.raises(NoPictures, match="no pictures are in"):
        open_data(zipped(tmp_path / "b.zip", []))


HOSTILE = [
    ("/etc/cat/1.jpg", "the path is absolute"),
    ("../cat/1.jpg", r"`\.\.` leads out"),
    ("cat/../../1.jpg", "leads out"),
    ("C:/cat/1.jpg", "drive letter"),
    ("c:cat.jpg", "drive letter"),
    ("cat\\1.jpg", "backslash"),
    ("..\\1.jpg", "backslash"),
    ("\\\\host\\1.jpg", "backslash"),
    ("cat/\0.jpg", "NUL"),
    ("cat/CON", "device"),
    ("nul.jpg/1.jpg", "device"),
    ("cat/com1.jpg", "device"),
    ("cat/LPT9", "device"),
    ("a/" * 2050 + "1.jpg", "4096"),
    ("", "the name is empty"),
    (".", "the name is empty"),
    ("./.", "the name is empty"),
    ("//x", "absolute"),
]


@pytest.mark.parametrize(("name", "words"), HOSTILE, ids=[repr(name)[:20] for name, _ in HOSTILE])
def test_a_name_that_leads_out_is_refused(name: str, words: str) -> None:
    with pytest.raises(ArchiveRefused, match=words):
        safe_member(name)


@pytest.mark.parametrize(
    "name", ["cat/..jpg", "cat/console.jpg", "cat/...", "cat/-x", "cat/ü.jpg", "aux2/1"]
)
def test_a_name_that_only_looks_odd_is_let_in(name: str) -> None:
    assert safe_member(name) == name


def test_a_harmless_name_is_made_plain() -> None:
    assert safe_member("./a//b/./c.jpg") == "a/b/c.jpg"


@pytest.mark.parametrize(
    ("name", "words"), [h for h in HOSTILE if h[0].strip("./") and "\0" not in h[0]][:9]
)
def test_an_archive_with_a_name_that_leads_out_is_refused(
    tmp_path: Path, name: str, words: str
) -> None:
    for path in (
        zipped(tmp_path / "a.zip", [*two_classes(), name]),
        tarred(tmp_path / "a.tar", [*two_classes(), name]),
    ):
        with pytest.raises(ArchiveRefused, match=words) as met:
            open_data(path)
        assert met.value.where == str(path)
    assert sorted(os.listdir(tmp_path)) == ["a.tar", "a.zip"]


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE]
)
def test_links_and_devices_in_a_tar_are_refused(tmp_path: Path, kind: bytes) -> None:
    path = tarred(tmp_path / "a.tar", two_classes())
    with tarfile.open(path, "a") as opened:
        info = tarfile.TarInfo("cat/x.jpg")
        info.type, info.linkname = kind, "/etc/passwd"
        opened.addfile(info)
    with pytest.raises(ArchiveRefused, match=r"'cat/x\.jpg' is a link, a device or a sparse file"):
        open_tar(path)


def test_links_in_a_zip_are_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", two_classes())
    with zipfile.ZipFile(path, "a") as opened:
        info = zipfile.ZipInfo("cat/x.jpg")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        opened.writestr(info, "/etc/passwd")
    with pytest.raises(ArchiveRefused, match=r"'cat/x\.jpg' is a link or a device"):
        open_zip(path)


@pytest.mark.parametrize("more", ["CAT/0.jpg", "cat/0.JPG"])
def test_names_that_differ_in_capitals_alone_are_refused(tmp_path: Path, more: str) -> None:
    for path in (
        zipped(tmp_path / "a.zip", [*two_classes(), more]),
        tarred(tmp_path / "a.tar", [*two_classes(), more]),
    ):
        with pytest.raises(ArchiveRefused, match="differ in capitals or accents alone"):
            open_data(path)


def test_a_name_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchiveRefused, match=r"names 'cat/0\.jpg' more than once"):
        open_data(tarred(tmp_path / "a.tar", [*two_classes(), "cat/0.jpg"]))


def test_a_zip_that_would_grow_a_hundred_times_is_refused(tmp_path: Path) -> None:
    path = zipped(
        tmp_path / "a.zip", {"cat/1.bmp": bytes(80 * 2**20)}, compression=zipfile.ZIP_DEFLATED
    )
    with pytest.raises(ArchiveRefused, match="more than 100 times its size"):
        open_zip(path)


def test_a_zip_that_claims_ten_gigabytes_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = zipped(tmp_path / "a.zip", {"cat/1.bmp": bytes(2**16)})
    monkeypatch.setattr(archive, "MOST_BYTES", 2**15)
    monkeypatch.setattr(archive.Gate, "admit", archive.Gate.admit)
    open_zip(path)  # the archive itself is as large, so nothing grows
    packed = zipped(
        tmp_path / "b.zip", {"cat/1.bmp": bytes(2**16)}, compression=zipfile.ZIP_DEFLATED
    )
    with pytest.raises(ArchiveRefused, match="GB would come out"):
        open_zip(packed)


def test_too_many_entries_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_ENTRIES", 20)
    with pytest.raises(ArchiveRefused, match="more than 20 entries"):
        open_data(zipped(tmp_path / "a.zip", two_classes()))


def test_a_packed_tar_beyond_the_memory_allowed_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tarred(tmp_path / "a.tar.gz", {name: os.urandom(5000) for name in two_classes()}, "w:gz")
    monkeypatch.setattr(archive_tar, "MOST_IN_MEMORY", 50_000)
    with pytest.raises(
        ArchiveRefused, match="would have to be held in memory; if you trust it, unpack it"
    ):
        open_data(path)


def test_members_that_overlap_are_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", two_classes())
    data = bytearray(path.read_bytes())
    second = data.index(b"PK\1\2", data.index(b"PK\1\2") + 4)
    data[second + 42 : second + 46] = struct.pack("<L", 0)
    path.write_bytes(data)
    with pytest.raises(ArchiveRefused, match="its members overlap|damaged"):
        open_zip(path)


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz"])
def test_a_cut_off_archive_is_refused(tmp_path: Path, name: str) -> None:
    make: Callable[..., Path] = zipped if name.endswith("zip") else tarred
    options: dict[str, object] = {"mode": "w:gz"} if name.endswith("gz") else {}
    path = make(tmp_path / name, {p: os.urandom(3000) for p in two_classes()}, **options)
    whole = path.read_bytes()
    for share in (0.02, 0.3, 0.5, 0.9):
        path.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(ArchiveRefused, match="cut off or damaged|it is damaged"):
            open_data(path)


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz"])
def test_what_is_no_archive_at_all_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"no archive at all " * 100)
    with pytest.raises(ArchiveRefused, match=r"damaged, or no \.(zip|tar)"):
        open_data(tmp_path / name)


def test_an_encrypted_or_strangely_packed_zip_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", two_classes())
    data = bytearray(path.read_bytes())
    first = data.index(b"PK\1\2")
    data[first + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(ArchiveRefused, match="is encrypted"):
        open_zip(path)
    with pytest.raises(ArchiveRefused, match="other than store and deflate"):
        open_zip(zipped(tmp_path / "b.zip", two_classes(), compression=zipfile.ZIP_BZIP2))


def test_a_damaged_member_is_one_unreadable_picture(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", two_classes(), compression=zipfile.ZIP_DEFLATED)
    data = bytearray(path.read_bytes())
    at = data.index(b"cat/3.jpg") + len("cat/3.jpg")
    data[at : at + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    found = open_data(path)
    broken = list(found.paths).index("cat/3.jpg")
    with pytest.raises(Unreadable, match="damaged inside the archive"):
        found.data(broken)
    assert found.data(broken + 1) == found.paths[broken + 1].encode()


def test_an_archive_that_changed_gives_no_picture(tmp_path: Path) -> None:
    for path in (
        zipped(tmp_path / "a.zip", two_classes()),
        tarred(tmp_path / "a.tar", two_classes()),
    ):
        found = open_data(path)
        path.write_bytes(path.read_bytes() + b"\0")
        with pytest.raises(Unreadable, match="was changed after it was opened"):
            found.data(0)
        path.unlink()
        with pytest.raises(Unreadable, match="the system says: No such file"):
            found.data(0)


def test_a_tar_header_that_claims_gigabytes_is_refused(tmp_path: Path) -> None:
    info = tarfile.TarInfo("././@PaxHeader")
    info.type, info.size = tarfile.XHDTYPE, 5 * 2**30
    path = tmp_path / "a.tar"
    path.write_bytes(info.tobuf() + bytes(1024))
    with pytest.raises(ArchiveRefused, match="headers larger than any real ones"):
        open_tar(path)


def test_long_names_in_a_tar_are_whole(tmp_path: Path) -> None:
    long = "猫" * 60 + "x" * 20
    found = open_data(tarred(tmp_path / "a.tar", [*many(long), *many("dog")]))
    assert found.classes == ("dog", long)


def test_an_archive_is_never_written_to(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", two_classes())
    path.chmod(0o444)
    before = path.read_bytes()
    found = open_data(path)
    _ = [found.data(i) for i in range(len(found))]
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["a.zip"]


def test_sixty_thousand_pictures_of_cifar_are_read_in_place(data: Path) -> None:
    found = open_data(data / "cifar10" / "cifar10_jpeg_q75_60000.zip")
    assert found.splits == {"train": 47_500, "val": 2_500, "test": 10_000}
    assert len(found.classes) == 10
    assert found.pixels(12_345).shape == (32, 32, 3)


def test_an_archive_in_memory_was_never_needed(tmp_path: Path) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as opened:
        for name in two_classes():
            opened.writestr(name, b"x")
    path = tmp_path / "prefixed.zip"
    path.write_bytes(b"#!/bin/sh\n" + held.getvalue())  # as a self-extracting archive begins
    assert open_data(path).data(0) == b"x"
