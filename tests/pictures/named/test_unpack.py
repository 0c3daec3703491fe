"""Forty hostile archives, and honest ones: nothing outside the target, and nothing left after a refusal."""

from __future__ import annotations

import gzip
import io
import os
import random
import struct
import tarfile
import warnings
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from striate.errors import ArchiveRefused, FileFault
from striate.pictures.named.unpack import Limits, unpack

SMALL = Limits(bytes=2**20, files=50, ratio=100)
Member = tuple[str, bytes]


def tar_of(*members: Member, **fields: object) -> bytes:
    """A tar of files; `fields` are set on the last one."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        for place, (name, content) in enumerate(members):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            if place == len(members) - 1:
                for key, value in fields.items():
                    setattr(info, key, value)
            archive.addfile(info, io.BytesIO(content))
    return held.getvalue()


def tar_entry(kind: bytes, linkname: str = "") -> bytes:
    """A tar with an honest file and one entry of another kind."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        good = tarfile.TarInfo("good.txt")
        good.size = 4
        archive.addfile(good, io.BytesIO(b"good"))
        info = tarfile.TarInfo("entry")
        info.type, info.linkname = kind, linkname
        archive.addfile(info)
    return held.getvalue()


def tar_through(kind: bytes, linkname: str) -> bytes:
    """A link, and then a file that would be written through it."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        info = tarfile.TarInfo("door")
        info.type, info.linkname = kind, linkname
        archive.addfile(info)
        inner = tarfile.TarInfo("door/escaped.txt" if kind == tarfile.SYMTYPE else "door")
        inner.size = 4
        archive.addfile(inner, io.BytesIO(b"evil"))
    return held.getvalue()


def sparse_tar() -> bytes:
    """A file of 8 GiB of holes, in the old GNU form: 512 bytes in the archive."""
    info = tarfile.TarInfo("holes")
    info.type = tarfile.GNUTYPE_SPARSE
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[386:398], header[398:410] = b"00000000000\0", b"00000000000\0"
    header[483:495] = b"77777777777\0"
    return resummed(header) + bytes(1024)


def pax_tar(**headers: str) -> bytes:
    """A tar whose extended headers contradict the plain ones."""
    info = tarfile.TarInfo("plain.txt")
    info.size, info.pax_headers = 4, headers
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info, io.BytesIO(b"evil"))
    return held.getvalue()


def resummed(header: bytearray) -> bytes:
    """The header with a right checksum."""
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


def tar_with_size(size: int, kind: bytes = tarfile.REGTYPE, content: bytes = b"") -> bytes:
    """A tar whose header announces `size` bytes, whatever follows."""
    info = tarfile.TarInfo("large")
    info.size, info.type = size, kind
    return info.tobuf(tarfile.GNU_FORMAT) + content + bytes(1024)


def zeros_tgz(count: int) -> bytes:
    """`count` zero bytes as a tar.gz, made without holding them."""
    held = io.BytesIO()
    with gzip.GzipFile(fileobj=held, mode="wb", compresslevel=1, mtime=0) as file:
        info = tarfile.TarInfo("zeros")
        info.size = count
        file.write(info.tobuf(tarfile.GNU_FORMAT))
        for _ in range(count // 2**20):
            file.write(bytes(2**20))
        file.write(bytes(1024))
    return held.getvalue()


def zip_of(*members: Member, mode: int | None = None, **fields: object) -> bytes:
    """A zip of files; mode and `fields` are set on the last one."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for place, (name, content) in enumerate(members):
            info = zipfile.ZipInfo("x")
            info.filename, info.compress_type = name, zipfile.ZIP_DEFLATED
            if place == len(members) - 1:
                info.external_attr = (mode or 0) << 16
                for key, value in fields.items():
                    setattr(info, key, value)
            with warnings.catch_warnings(action="ignore"):  # of names that come twice
                archive.writestr(info, content)
    return held.getvalue()


def bomb(count: int) -> bytes:
    """A zip of one member that becomes `count` bytes."""
    held = io.BytesIO()
    with (
        zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("zeros", "w") as f,
    ):
        for _ in range(count // 2**20):
            f.write(bytes(2**20))
    return held.getvalue()


def lying_zip() -> bytes:
    """A member of 4 MiB that says it has 16 bytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(bytes(2**22)) + packer.flush()
    name, crc = b"small.txt", zlib.crc32(bytes(2**22))
    fields = (20, 0, 8, 0, 33, crc, len(packed), 16, len(name), 0)
    local = struct.pack("<4s5H3L2H", b"PK\3\4", *fields) + name + packed
    central = struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, *fields, 0, 0, 0, 0, 0) + name
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(central), len(local), 0)
    return local + central + end


def overlapping_zip() -> bytes:
    """Many names for the same bytes: each time a megabyte comes out."""
    whole = zip_of(("a", bytes(2**20)))
    start = whole.index(b"PK\1\2")
    end = whole.rindex(b"PK\5\6")
    entry = whole[start:end]
    entries = b"".join(entry[:46] + bytes([97 + i]) + entry[47:] for i in range(20))
    tail = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 20, 20, len(entries), start, 0)
    return whole[:start] + entries + tail


def encrypted_zip() -> bytes:
    """A member that says it is encrypted."""
    whole = bytearray(zip_of(("secret.txt", b"secret")))
    whole[6] |= 1
    whole[whole.index(b"PK\1\2") + 8] |= 1
    return bytes(whole)


def damaged_zip() -> bytes:
    """One bit of a member is another one."""
    whole = bytearray(zip_of(("a.txt", os.urandom(500))))
    whole[200] ^= 1
    return bytes(whole)


def without_its_end() -> bytes:
    """A tar of three files whose third header is damaged: tarfile takes that for the end."""
    whole = bytearray(tar_of(("a.txt", b"a"), ("b.txt", b"b"), ("c.txt", b"c")))
    whole[2048 + 150] ^= 0x55
    return bytes(whole)


LINK, FIFO, DEVICE = 0o120777, 0o010644, 0o060644
GOOD: Member = ("good.txt", b"good")

HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "tar absolute": (lambda: tar_of(GOOD, ("/tmp/striate-evil.txt", b"e")), "the path is absolute"),
    "tar dots": (lambda: tar_of(GOOD, ("../evil.txt", b"e")), "leads out of the folder"),
    "tar dots inside": (lambda: tar_of(GOOD, ("a/../../evil.txt", b"e")), "leads out"),
    "tar dots at the end": (lambda: tar_of(GOOD, ("a/..", b"e")), "leads out"),
    "tar backslashes": (lambda: tar_of(GOOD, ("..\\evil.txt", b"e")), "backslash"),
    "tar drive": (lambda: tar_of(GOOD, ("C:/evil.txt", b"e")), "drive letter"),
    "tar device name": (lambda: tar_of(GOOD, ("a/NUL.txt", b"e")), "for a device"),
    "tar stream of a file": (lambda: tar_of(GOOD, ("a.txt:evil", b"e")), "holds a sign"),
    "tar line break": (lambda: tar_of(GOOD, ("a\nb.txt", b"e")), "holds a sign"),
    "tar name ends in a dot": (lambda: tar_of(GOOD, ("a./b.txt", b"e")), "can keep the name"),
    "tar name too long": (lambda: tar_of(GOOD, ("a" * 300, b"e")), "can keep the name"),
    "tar path too long": (lambda: tar_of(GOOD, ("a/" * 3000 + "b", b"e")), "more than 4096 bytes"),
    "tar symbolic link": (lambda: tar_entry(tarfile.SYMTYPE, "../secret"), "is a link"),
    "tar link inside": (lambda: tar_entry(tarfile.SYMTYPE, "good.txt"), "is a link"),
    "tar hard link": (lambda: tar_entry(tarfile.LNKTYPE, "good.txt"), "is a link"),
    "tar written through a link": (lambda: tar_through(tarfile.SYMTYPE, ".."), "is a link"),
    "tar written over a link": (lambda: tar_through(tarfile.LNKTYPE, "../../x"), "is a link"),
    "tar character device": (lambda: tar_entry(tarfile.CHRTYPE), "device"),
    "tar block device": (lambda: tar_entry(tarfile.BLKTYPE), "device"),
    "tar pipe": (lambda: tar_entry(tarfile.FIFOTYPE), "device"),
    "tar sparse": (sparse_tar, "sparse"),
    "tar twice": (lambda: tar_of(GOOD, ("a", b"1"), ("a", b"2")), "more than once"),
    "tar capitals": (lambda: tar_of(("Cat.jpg", b"1"), ("cat.jpg", b"2")), "one name on many systems"),
    "tar capitals of a folder": (lambda: tar_of(("A/1", b"1"), ("a/2", b"2")), "one name"),
    "tar accents": (lambda: tar_of(("e\u0301.jpg", b"1"), ("\xe9.jpg", b"2")), "one name"),
    "tar sharp s": (lambda: tar_of(("stra\xdfe", b"1"), ("STRASSE", b"2")), "one name"),
    "tar file and folder": (lambda: tar_of(("a", b"1"), ("a/b", b"2")), "more than once"),
    "tar folder and file": (lambda: tar_of(("a/b", b"1"), ("a", b"2")), "more than once"),
    "tar extended path": (lambda: pax_tar(path="../../evil.txt"), "leads out"),
    "tar extended size": (lambda: pax_tar(size="99999999999"), "bytes allowed would come out"),
    "tar negative size": (lambda: pax_tar(size="-1024"), "damaged|bytes allowed"),
    "tar announces 10 GB": (lambda: tar_with_size(8**11 - 1), "bytes allowed would come out"),
    "tar announces 8 GB of headers": (
        lambda: tar_with_size(8**11 - 1, tarfile.XHDTYPE), "headers larger than any real"),
    "tar announces 8 GB of name": (
        lambda: tar_with_size(8**11 - 1, tarfile.GNUTYPE_LONGNAME), "headers larger than any real"),
    "tgz of zeros": (lambda: zeros_tgz(2**27), "bytes allowed would come out"),
    "tar of too many": (lambda: tar_of(*[(f"{i}", b"") for i in range(51)]), "more than the 50 entries"),
    "tar cut off": (lambda: tar_of(("a.txt", bytes(5000)))[:2000], "damaged|cut off"),
    "tar without an end": (lambda: tar_of(GOOD)[:1024], "cut off or damaged"),
    "tar damaged inside": (without_its_end, "cut off or damaged"),
    "tgz cut off": (lambda: gzip.compress(tar_of(("a", os.urandom(5000))))[:3000], "damaged"),
    "zip absolute": (lambda: zip_of(GOOD, ("/tmp/striate-evil.txt", b"e")), "absolute"),
    "zip dots": (lambda: zip_of(GOOD, ("../evil.txt", b"e")), "leads out"),
    "zip backslashes": (lambda: zip_of(GOOD, ("..\\..\\evil.txt", b"e")), "backslash"),
    "zip drive": (lambda: zip_of(GOOD, ("c:evil.txt", b"e")), "drive letter"),
    "zip NUL in a name": (lambda: zip_of(GOOD, ("good.jpg\0.exe", b"e")), "NUL|damaged"),
    "zip empty name": (lambda: zip_of(GOOD, ("", b"e")), "name is empty|damaged"),
    "zip symbolic link": (lambda: zip_of(GOOD, ("a", b"../secret"), mode=LINK), "is a link"),
    "zip pipe": (lambda: zip_of(GOOD, ("a", b""), mode=FIFO), "is a link or a device"),
    "zip device": (lambda: zip_of(GOOD, ("a", b""), mode=DEVICE), "is a link or a device"),
    "zip written through a link": (
        lambda: zip_of(("a", b".."), ("a/evil.txt", b"e"), mode=LINK), "link|more than once"),
    "zip twice": (lambda: zip_of(("a", b"1"), ("./a", b"2")), "more than once"),
    "zip capitals": (lambda: zip_of(("Cat.jpg", b"1"), ("cat.JPG", b"2")), "one name"),
    "zip file and folder": (lambda: zip_of(("a", b"1"), ("a/b", b"2")), "more than once"),
    "zip folder with content": (lambda: zip_of(GOOD, ("a/", b"evil")), "has content"),
    "zip bomb": (lambda: bomb(2**24), "bytes allowed would come out"),
    "zip that lies": (lying_zip, "damaged"),
    "zip with shared bytes": (overlapping_zip, "bytes allowed would come out"),
    "zip encrypted": (encrypted_zip, "is encrypted"),
    "zip of too many": (lambda: zip_of(*[(f"{i}", b"") for i in range(51)]), "more than the 50"),
    "zip without files": (lambda: zip_of(("a/", b"")), "holds no files"),
    "zip damaged": (damaged_zip, "damaged"),
    "not an archive": (lambda: b"Once upon a time" * 100, "damaged, or no .zip, .tar"),
    "nothing": (lambda: b"", "damaged, or no .zip|cut off"),
}  # fmt: skip


def everything(root: Path) -> list[str]:
    """Every path under `root`."""
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_is_refused_and_leaves_nothing(name: str, tmp_path: Path) -> None:
    make, words = HOSTILE[name]
    archive, inside = tmp_path / "set.bin", tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    archive.write_bytes(make())
    before = everything(tmp_path)
    with pytest.raises(ArchiveRefused, match=words) as found:
        unpack(archive, inside / "set", SMALL)
    assert everything(tmp_path) == before
    assert found.value.where == str(archive)
    assert not Path("/tmp/striate-evil.txt").exists()


def test_there_are_at_least_forty_hostile_archives() -> None:
    assert len(HOSTILE) >= 40


def test_ten_gigabytes_of_zeros_are_refused_by_the_ratio_with_the_usual_limits(
    tmp_path: Path,
) -> None:
    # 128 MiB pack to about half a megabyte: more than the hundredfold and more than 64 MiB.
    archive = tmp_path / "zeros.tgz"
    archive.write_bytes(zeros_tgz(2**27))
    with pytest.raises(ArchiveRefused, match="bytes allowed would come out"):
        unpack(archive, tmp_path / "set")
    assert everything(tmp_path) == ["zeros.tgz"]


def test_a_hundred_thousand_entries_and_one_are_refused_with_the_usual_limits(
    tmp_path: Path,
) -> None:
    info = tarfile.TarInfo("./")
    info.type = tarfile.DIRTYPE
    archive = tmp_path / "many.tar.gz"
    archive.write_bytes(gzip.compress(info.tobuf() * 100_001 + bytes(1024), 1))
    with pytest.raises(ArchiveRefused, match="more than the 100,000 entries"):
        unpack(archive, tmp_path / "set")
    assert everything(tmp_path) == ["many.tar.gz"]


CONTENT = {"train/cat/1.jpg": b"one" * 999, "train/dog/\xfc 2.png": b"", "readme": b"r"}


def packed(kind: str) -> bytes:
    """CONTENT as an archive of a kind."""
    members = [(f"./{name}", content) for name, content in CONTENT.items()]
    if kind == "zip":
        return zip_of(("train/", b""), *members, mode=0o100777)
    whole = tar_of(*members, mode=0o4777)
    return gzip.compress(whole) if kind == "tgz" else whole


@pytest.mark.parametrize("kind", ["zip", "tar", "tgz"])
def test_an_honest_archive_comes_out_whole_with_plain_permissions(
    kind: str, tmp_path: Path
) -> None:
    archive, target = tmp_path / "set", tmp_path / "deep" / "out"
    archive.write_bytes(packed(kind))
    done = unpack(archive, target)
    found = {
        p.relative_to(target).as_posix(): p.read_bytes() for p in target.rglob("*") if p.is_file()
    }
    assert found == CONTENT
    assert done == (3, sum(map(len, CONTENT.values())))
    assert os.listdir(target.parent) == ["out"]
    (plain := tmp_path / "plain").write_bytes(b"")
    modes = {p.stat().st_mode for p in target.rglob("*") if p.is_file()}
    assert modes == {plain.stat().st_mode}
    (folder := tmp_path / "folder").mkdir()
    assert target.stat().st_mode == folder.stat().st_mode


def test_folders_are_made_and_the_archives_own_folder_is_no_entry(tmp_path: Path) -> None:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        for name in (".", "./empty", "./full"):
            info = tarfile.TarInfo(name)
            info.type = tarfile.DIRTYPE
            archive.addfile(info)
        archive.addfile(tarfile.TarInfo("./full/nothing"))
    (tmp_path / "set.tar").write_bytes(held.getvalue())
    unpack(tmp_path / "set.tar", tmp_path / "out")
    assert everything(tmp_path / "out") == ["empty", "full", "full/nothing"]


@pytest.mark.parametrize("make", [Path.mkdir, Path.touch, lambda p: p.symlink_to("nowhere")])
def test_nothing_is_written_over_what_is_there(tmp_path: Path, make: Callable) -> None:
    (tmp_path / "set").write_bytes(packed("tar"))
    make(tmp_path / "out")
    before = everything(tmp_path)
    with pytest.raises(FileFault, match="is there already, and nothing is written over it"):
        unpack(tmp_path / "set", tmp_path / "out")
    assert everything(tmp_path) == before


def test_an_archive_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileFault, match=r"set.zip is not a file"):
        unpack(tmp_path / "set.zip", tmp_path / "out")
    assert everything(tmp_path) == []


NAMES = st.text(st.sampled_from("abA.é/\\:~ \0ſ¹"), max_size=12) | st.text(max_size=8)


@settings(max_examples=120, deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=5), st.sampled_from(["zip", "tar"]))
def test_whatever_the_names_all_comes_out_inside_or_nothing_does(
    names: list[str], kind: str
) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as made:
        root = Path(made)
        members = [(name, str(i).encode()) for i, name in enumerate(names)]
        try:
            whole = tar_of(*members) if kind == "tar" else zip_of(*members)
        except (ValueError, UnicodeError):
            return
        (root / "set").write_bytes(whole)
        inside = root / "x" / "y"
        inside.mkdir(parents=True)
        try:
            done = unpack(root / "set", inside / "out", SMALL)
        except ArchiveRefused:
            assert everything(root) == ["set", "x", "x/y"]
            return
        files = [p for p in inside.rglob("*") if p.is_file()]
        assert len(files) == done.files == len(names)
        assert all(p.is_relative_to(inside / "out") for p in files)
        assert sorted(os.listdir(root)) == ["set", "x"]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["zip", "tar", "tgz"]), st.integers(0, 2**32))
def test_damage_anywhere_ends_in_a_refusal_or_in_files_inside(kind: str, seed: int) -> None:
    import tempfile

    whole, draw = bytearray(packed(kind)), random.Random(seed)
    for _ in range(draw.randint(1, 4)):
        whole[draw.randrange(len(whole))] = draw.randrange(256)
    with tempfile.TemporaryDirectory() as made:
        root = Path(made)
        (root / "set").write_bytes(whole[: draw.randint(len(whole) // 2, len(whole))])
        try:
            unpack(root / "set", root / "out", SMALL)
        except ArchiveRefused:
            assert everything(root) == ["set"]
        assert sorted(os.listdir(root)) in (["out", "set"], ["set"])
