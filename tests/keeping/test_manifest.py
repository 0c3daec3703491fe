"""Only plain names of regular files count, and every byte of them."""

from __future__ import annotations

import builtins
import hashlib
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from striate.errors import FileFault
from striate.keeping.manifest import Mark, content, open_plain, read, seal, text_of, verify

A = b"first file\n"
B = bytes(range(256)) * 5000


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    """A folder with two files and their manifest."""
    folder = tmp_path / "sealed"
    folder.mkdir()
    (folder / "a.txt").write_bytes(A)
    (folder / "b.bin").write_bytes(B)
    seal(folder, ["b.bin", "a.txt"], 1)
    return folder


def rewritten(folder: Path, **changes: Any) -> None:
    """The manifest with other values: what an attacker writes."""
    told = json.loads((folder / "manifest.json").read_bytes())
    (folder / "manifest.json").write_text(json.dumps({**told, **changes}))


def test_a_sealed_folder_is_without_fault(sealed: Path) -> None:
    assert verify(sealed, 1) == ()


def test_the_manifest_names_size_and_sha256_of_each_file(sealed: Path) -> None:
    told = json.loads((sealed / "manifest.json").read_bytes())
    assert told == {
        "format": 1,
        "files": {
            "a.txt": {"size": len(A), "sha256": hashlib.sha256(A).hexdigest()},
            "b.bin": {"size": len(B), "sha256": hashlib.sha256(B).hexdigest()},
        },
    }


def test_the_order_in_which_files_are_named_does_not_matter() -> None:
    marks = {"b": Mark(1, "0" * 64), "a": Mark(2, "1" * 64)}
    assert text_of(marks, 1) == text_of(dict(reversed(marks.items())), 1)


def test_every_fault_is_told_at_once(sealed: Path) -> None:
    (sealed / "a.txt").unlink()
    (sealed / "b.bin").write_bytes(B[:-1])
    (sealed / "c\n.txt").touch()
    (sealed / ".hidden").mkdir()
    assert verify(sealed, 1) == (
        "'.hidden' is there, and manifest.json does not name it",
        "'c\\n.txt' is there, and manifest.json does not name it",
        "a.txt is missing",
        "b.bin has 1,279,999 bytes, manifest.json says 1,280,000",
    )


def test_other_content_of_the_same_size_is_found(sealed: Path) -> None:
    (sealed / "a.txt").write_bytes(A.upper())
    assert verify(sealed, 1) == ("a.txt has other content than manifest.json says",)


def test_another_format_is_not_guessed_at(sealed: Path) -> None:
    assert verify(sealed, 2) == ("manifest.json has format 1, 2 is read here",)


@pytest.mark.parametrize(
    "name",
    [
        "../canary", "/etc/hostname", "a/b", "a\\b", "..", ".", "", ".hidden", "c:x", "a\0b", "a\nb",
        " a", "a ", "a\u202eb", "manifest.json", "é" * 101, "a*", "\ud800",
    ],
)  # fmt: skip
def test_names_that_are_not_plain_are_refused_and_nothing_outside_is_opened(
    sealed: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary = sealed.parent / "canary"
    canary.write_bytes(A)
    files = json.loads((sealed / "manifest.json").read_bytes())["files"]
    rewritten(sealed, files={**files, name: files["a.txt"]})
    opened: list[str] = []
    real_os, real = os.open, builtins.open

    def os_open(path: Any, *rest: Any, **more: Any) -> int:
        opened.append(os.path.basename(path))
        return real_os(path, *rest, **more)

    def python_open(path: Any, *rest: Any, **more: Any) -> Any:
        opened.append(os.path.basename(path))
        return real(path, *rest, **more)

    monkeypatch.setattr(os, "open", os_open)
    monkeypatch.setattr(builtins, "open", python_open)
    faults = verify(sealed, 1)
    monkeypatch.undo()
    assert opened == ["manifest.json"]
    assert len(faults) == 1
    assert "is no plain name of a file" in faults[0] or "cannot list itself" in faults[0]
    assert faults[0].isprintable()
    assert read(sealed)[0] is None


@pytest.mark.parametrize("name", ["../x", ".x", "a/b", ""])
def test_a_manifest_with_such_names_is_not_written_either(name: str) -> None:
    with pytest.raises(ValueError, match="is no plain name of a file"):
        text_of({name: Mark(0, "0" * 64)}, 1)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "cannot be read as JSON: Expecting value"),
        (b"\xff", "no UTF-8"),
        (b"[]", 'must have the names "format" and "files"'),
        (b'{"format": 1}', 'must have the names "format" and "files"'),
        (b'{"format": 1, "files": {}, "more": 1}', 'must have the names "format" and "files"'),
        (b'{"format": 1, "files": {}, "files": {}}', "the name 'files' stands twice"),
        (b'{"format": true, "files": {}}', "needs a whole number"),
        (b'{"format": 1.0, "files": {}}', "needs a whole number"),
        (b'{"format": 1, "files": []}', "a table of at most 1000 files"),
        (b'{"format": 1, "files": ' + b'{"a":' * 100_000, "nested too deep"),
        (b'{"format": 1, "files": {"a": 3}}', "needs a size and a sha256"),
        (b'{"format": 1, "files": {"a": {"size": 1}}}', "needs a size and a sha256"),
        (b" " * 2_000_000, "at most 1,048,576 are read"),
    ],
)
def test_a_manifest_that_is_none_is_refused_with_a_reason(
    sealed: Path, text: bytes, reason: str
) -> None:
    (sealed / "manifest.json").write_bytes(text)
    faults = verify(sealed, 1)
    assert len(faults) == 1
    assert reason in faults[0]


@pytest.mark.parametrize(
    "mark",
    [
        {"size": True, "sha256": "0" * 64},
        {"size": 1.0, "sha256": "0" * 64},
        {"size": 1, "sha256": "0" * 63},
        {"size": 1, "sha256": "A" * 64},
        {"size": 1, "sha256": None},
    ],
)
def test_a_size_or_hash_that_is_none_is_refused(sealed: Path, mark: dict) -> None:
    rewritten(sealed, files={"a.txt": mark})
    assert verify(sealed, 1) == ("manifest.json: 'a.txt' has a size or a sha256 that is none",)


def test_a_thousand_and_one_files_are_too_many(sealed: Path) -> None:
    mark = {"size": 0, "sha256": "0" * 64}
    rewritten(sealed, files={f"f{i}": mark for i in range(1001)})
    assert "at most 1000 files" in verify(sealed, 1)[0]


def test_names_that_differ_in_capitals_alone_are_refused(sealed: Path) -> None:
    files = json.loads((sealed / "manifest.json").read_bytes())["files"]
    rewritten(sealed, files={**files, "A.txt": files["a.txt"]})
    assert verify(sealed, 1) == ("manifest.json has names that differ in capitals alone",)


@pytest.mark.parametrize("name", ["a.txt", "manifest.json"])
def test_links_are_not_followed_even_to_the_right_content(sealed: Path, name: str) -> None:
    (sealed / name).rename(sealed.parent / "right")
    (sealed / name).symlink_to(sealed.parent / "right")
    assert verify(sealed, 1) == (f"{name} is a link",)


@pytest.mark.parametrize("name", ["a.txt", "manifest.json"])
def test_a_pipe_is_not_waited_for_and_a_folder_is_no_file(sealed: Path, name: str) -> None:
    (sealed / name).unlink()
    os.mkfifo(sealed / name)
    assert verify(sealed, 1) == (f"{name} is no plain file",)
    (sealed / name).unlink()
    (sealed / name).mkdir()
    assert verify(sealed, 1) == (f"{name} is no plain file",)


def test_a_folder_without_a_manifest_is_told(tmp_path: Path) -> None:
    assert verify(tmp_path, 1) == ("manifest.json is missing",)
    assert verify(tmp_path / "no", 1) == ("manifest.json is missing",)
    assert verify(tmp_path / "no\0thing", 1)[0].startswith("manifest.json cannot be read")


def test_sealing_does_not_write_through_a_link(sealed: Path) -> None:
    outside = sealed.parent / "outside"
    outside.write_text("mine")
    (sealed / "manifest.json").unlink()
    (sealed / "manifest.json").symlink_to(outside)
    seal(sealed, ["a.txt", "b.bin"], 1)
    assert outside.read_text() == "mine"
    assert verify(sealed, 1) == ()


def test_content_is_checked_after_it_was_read(sealed: Path) -> None:
    mark = Mark(len(B), hashlib.sha256(B).hexdigest())
    assert content(sealed / "b.bin", mark) == B
    with pytest.raises(FileFault, match="has 1,280,000 bytes and should have 5"):
        content(sealed / "b.bin", mark._replace(size=5))
    with pytest.raises(FileFault, match="has other content than its manifest says"):
        content(sealed / "b.bin", mark._replace(sha256="0" * 64))
    with pytest.raises(FileFault, match="cannot be read: No such file"):
        content(sealed / "c.bin", mark)


def test_open_files_are_regular_ones(sealed: Path) -> None:
    with open_plain(sealed / "a.txt") as file:
        assert stat.S_ISREG(os.fstat(file.fileno()).st_mode)
        assert file.readall() == A
