"""The files of a multipart/form-data body that is already here, by RFC 7578 and nothing beyond it.

A body has at most 16 MB and is in memory before it is looked at, so parts are found by searching for the
boundary: one pass, no state, no second copy of the body.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_BOUNDARY = re.compile(
    r';\s*boundary=(?:"([^"\\]{1,70})"|([!#$%&\'*+.^_`|~0-9A-Za-z-]{1,70}))\s*(?:;|$)',
    re.IGNORECASE,
)
_ALLOWED = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
_NAME = re.compile(r';\s*name="([^"]{0,255})"')
_FILE = re.compile(r';\s*filename="([^"]{0,1024})"')
_HEADERS = 4096


class Part(NamedTuple):
    """One field. `file` is None where it is a text field and no file."""

    name: str
    file: str | None
    data: bytes


class BadForm(ValueError):
    """A body that is no form, with a sentence; `too_many` where it only has too many parts."""

    def __init__(self, text: str, too_many: bool = False) -> None:
        super().__init__(text)
        self.too_many = too_many


def parts(content_type: str, body: bytes, most: int) -> list[Part]:
    """Every part; BadForm for anything that parsers read differently."""
    mark = b"--" + _boundary(content_type)
    if not body.startswith(mark):
        raise BadForm("the body does not begin with the boundary")
    found: list[Part] = []
    start, between = len(mark), b"\r\n" + mark
    while True:
        after = body[start : start + 2]
        if after == b"--":
            return found
        if after != b"\r\n":
            raise BadForm("a boundary is followed by something else than a new line")
        if len(found) == most:
            raise BadForm(f"a request has at most {most} pictures", too_many=True)
        split = body.find(b"\r\n\r\n", start, start + _HEADERS)
        end = body.find(between, split + 2)
        if split < 0 or end < 0:
            raise BadForm("a part has no end")
        found.append(
            _part(body[start + 2 : split], body[split + 4 : end] if end > split + 2 else b"")
        )
        start = end + len(between)


def _boundary(content_type: str) -> bytes:
    found = _BOUNDARY.search(content_type)
    boundary = (found.group(1) or found.group(2)) if found else ""
    if not _ALLOWED.fullmatch(boundary):
        raise BadForm("the Content-Type names no boundary of 1 to 70 letters")
    return boundary.encode()


def _part(headers: bytes, data: bytes) -> Part:
    name, file = None, None
    for line in headers.decode("utf-8", "replace").split("\r\n"):
        key, _, value = line.partition(":")
        key = key.strip().lower()
        if key == "content-disposition" and name is None:
            named, filed = _NAME.search(value), _FILE.search(value)
            name = named.group(1) if named else ""
            file = filed.group(1) if filed else None
        elif key == "content-transfer-encoding" and value.strip().lower() not in ("binary", "8bit"):
            raise BadForm("pictures come as they are: no Content-Transfer-Encoding")
    if name is None:
        raise BadForm("a part does not say its name")
    return Part(name, file[-255:] if file else file, data)
