"""Which commit the code around a run was at: read from git's own files, since git in a folder runs what that
folder's settings say.
"""

from __future__ import annotations

import re
import stat
from pathlib import Path

from striate import safe

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_NAME = re.compile(r"refs(?:/[^/.\s][^/\s]*)+")
_MOST = 2**22  # bytes read of a file: a list of 40,000 names
_HEADS = "refs/heads/"


def revision(folder: Path) -> dict[str, str | None] | None:
    """The commit and the branch (None where there is none) of the repository that holds a folder; None where
    none does, or what it says cannot be read. Whether files were changed since is not told.
    """
    try:
        places = [folder.resolve(), *folder.resolve().parents]
        found = next((place / ".git" for place in places if (place / ".git").exists()), None)
    except OSError:
        return None
    if found is None:
        return None
    git = found if found.is_dir() else _pointed(found, "gitdir: ")
    head = _text(git / "HEAD") if git else ""
    if git is None or _COMMIT.fullmatch(head):
        return {"commit": head, "branch": None} if head else None
    name = head.removeprefix("ref: ")
    if name == head or not _NAME.fullmatch(name) or ".." in name:
        return None
    shared = _pointed(git / "commondir") or git  # of a second working tree
    commit = _text(git / name) or _text(shared / name) or _packed(shared / "packed-refs", name)
    if not _COMMIT.fullmatch(commit):
        return None
    branch = name.removeprefix(_HEADS) if name.startswith(_HEADS) else None
    return {"commit": commit, "branch": branch}


def _pointed(file: Path, begin: str = "") -> Path | None:
    """The folder that a file of one line names, beside itself where that is no whole path."""
    text = _text(file)
    if not text.startswith(begin) or text == begin or "\n" in text:
        return None
    return file.parent / text.removeprefix(begin)


def _packed(file: Path, name: str) -> str:
    """The commit of a name in the list of all, or nothing."""
    for line in _text(file).splitlines():
        commit, _, named = line.partition(" ")
        if named == name:
            return commit
    return ""


def _text(file: Path) -> str:
    """What a plain file says, or nothing; a pipe is not waited for, and no file is read without end."""
    try:
        with open(file, "rb", opener=safe.at_once) as opened:
            if not stat.S_ISREG(file.stat().st_mode):
                return ""
            return opened.read(_MOST).decode("utf-8").strip()
    except (OSError, ValueError):
        return ""
