"""What counts as a picture by its name, and the ledger of all that is left out."""

from __future__ import annotations

import re
from typing import final

from striate.pictures.dataset import Finding, Severity

MOST_SHOWN = 1_000  # paths kept for one finding
_JUNK = frozenset({
    "__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "@eadir", "__pycache__", "$recycle.bin",
    "system volume information", "icon\r", "lost+found",
})  # fmt: skip
_NO_PICTURE = re.compile(
    r".*\.(?:txt|csv|tsv|json|jsonl|xml|ya?ml|md|rst|html?|pdf|docx?|xlsx?|py|ipynb|sh|m|log|ini|cfg|toml"
    r"|db|sqlite|zip|tar|gz|tgz|bz2|xz|7z|rar|np[yz]|mat|h5|hdf5|pkl|pickle|pth?|onnx|mp4|avi|mov|mkv|webm"
    r"|wav|mp3|parquet|arrow|cls|exe|dll|lnk|url|bak|tmp|part|crdownload)"
    r"|readme|licen[sc]e|copying|notice|changelog|makefile",
    re.IGNORECASE | re.DOTALL,
)
# Code, severity and sentence of what is left out or worth a word; {n} of it, with examples after the colon.
_SAID: dict[str, tuple[Severity, str]] = {
    "hidden-left-out": ("note", "{n} hidden or system file(s) or folder(s) left out"),
    "not-pictures": ("warning", "{n} file(s) left out whose names say that they are no pictures"),
    "loose-pictures": ("warning", "{n} picture(s) left out that lie in no class folder"),
    "unlabelled-test": ("warning", "{n} picture(s) of test left out: they lie in no class folder"),
    "empty-class": ("warning", "{n} folder(s) without a picture: they are no classes"),
    "nested-folders": (
        "note",
        "{n} folder(s) inside class folders: their pictures count for the class",
    ),
    "folder-beside-splits": ("note", "{n} folder(s) without pictures beside the splits left out"),
    "link-not-followed": (
        "warning",
        "{n} link(s) to a folder that is read already, not followed again",
    ),
    "unreadable-folder": ("error", "{n} folder(s) cannot be read, and what they hold is missing"),
    "special-files": ("warning", "{n} device(s), pipe(s) or socket(s) left out"),
    "split-name-as-class": ("warning", "{n} folder(s) named like a split and taken as classes"),
    "wrapper-folder": ("note", "{n} folder(s) that hold only folders taken as the place to look"),
}


def is_hidden(name: str) -> bool:
    """Whether a file or folder belongs to the system, by its name."""
    return name.startswith(".") or name.casefold() in _JUNK


def is_picture(name: str) -> bool:
    """Whether a file counts as a picture by its name: all do whose ending does not say otherwise."""
    return not is_hidden(name) and _NO_PICTURE.fullmatch(name) is None


@final
class Ledger:
    """What is left out or worth a word: counted, with examples."""

    def __init__(self) -> None:
        self._paths: dict[str, list[str]] = {}
        self._counts: dict[str, int] = {}

    def add(self, code: str, path: str) -> None:
        """One more of a kind."""
        self._counts[code] = self._counts.get(code, 0) + 1
        held = self._paths.setdefault(code, [])
        if len(held) < MOST_SHOWN:
            held.append(path)

    def findings(self) -> tuple[Finding, ...]:
        """One for each kind that was met, in the order of the table."""
        return tuple(self._finding(code) for code in _SAID if code in self._counts)

    def _finding(self, code: str) -> Finding:
        severity, text = _SAID[code]
        count, paths = self._counts[code], self._paths[code]
        more = f" and {count - 3:,} more" if count > 3 else ""
        shown = ", ".join(paths[:3]) + more
        return Finding(code, severity, f"{text.format(n=f'{count:,}')}: {shown}", tuple(paths))
