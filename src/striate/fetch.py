"""A small downloader for what the user asked for by name: weights and named sets. It is never called unasked.

It goes on where it stopped, checks the hash before the file gets its name, holds a quota while bytes arrive,
and never follows a redirect from https to http. `zoo` and `pictures` both need it, so it is in the ground.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from striate.errors import DownloadRefused, NoNetwork
from striate.safe import goes_by, settle, unwritable, write_json

Progress = Callable[[int, int | None], None]
_CHUNK = 1 << 18
_SLOWEST = 100  # bytes per second; below it a server keeps us waiting without ever timing out
_HEX_OF = {"sha256": 64, "md5": 32}
_RETRIED = (408, 425, 429, 500, 502, 503, 504)


@dataclass(frozen=True)
class Patience:
    """How long to wait for a byte, how often to try, and the pause before the second try, then doubled."""

    timeout_s: float = 30.0
    tries: int = 4
    pause_s: float = 1.0


@dataclass(frozen=True)
class _Wish:
    """One download as it was asked for."""

    url: str
    target: Path
    kind: str  # of the hash: sha256 or md5
    wanted: str
    size_limit: int
    timeout_s: float
    progress: Progress | None

    @property
    def part(self) -> Path:
        """Where the bytes gather until they are complete and checked."""
        return self.target.with_name(self.target.name + ".part")

    @property
    def marks(self) -> Path:
        """What the server said of the file, so that no other version is glued to the half that is here."""
        return self.target.with_name(self.target.name + ".part.json")


def fetch(
    url: str,
    target: str | Path,
    *,
    sha256: str | None = None,
    sha256_prefix: str | None = None,
    md5: str | None = None,
    size_limit: int = 1 << 32,
    progress: Progress | None = None,
    patience: Patience | None = None,
) -> Path:
    """Download `url` to `target` unless it is there already, and return `target`.

    `sha256` or `md5` pins the content; `sha256_prefix` is for hashes of which a beginning is published. Plain
    http is taken only with the whole hash. `progress(done, total)` is called as bytes arrive.
    """
    patience = patience or Patience()
    kind, wanted = _pinned(sha256, sha256_prefix, md5)
    wish = _Wish(url, Path(target), kind, wanted, size_limit, patience.timeout_s, progress)
    _check_address(url, len(wanted) == _HEX_OF[kind])
    try:
        if wish.target.exists():
            _check_existing(wish)
            return wish.target
        with _alone(wish.part) as file:
            try:
                if not wish.target.exists():  # else another process was quicker
                    _transfer(wish, file, patience)
            except DownloadRefused:
                _clear(wish)
                raise
            _clear(wish)
    except OSError as fault:
        raise unwritable(target, fault) from fault
    return wish.target


def hash_of(path: Path, kind: str = "sha256") -> str:
    """The sha256 or md5 of a file, in hexadecimal; md5 only where no better sum is published."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, kind).hexdigest()


def _pinned(sha256: str | None, prefix: str | None, md5: str | None) -> tuple[str, str]:
    """The kind of the hash and its known beginning, in small letters."""
    kind, whole = ("sha256", sha256) if md5 is None else ("md5", md5)
    wanted = (prefix or "" if whole is None else whole).lower()
    if (whole is not None and len(wanted) != _HEX_OF[kind]) or wanted.strip("0123456789abcdef"):
        text = f"{wanted!r} is {'not a SHA-256' if md5 is None else 'no MD5'}"
        raise DownloadRefused(text, f"{_HEX_OF[kind]} hexadecimal digits are needed")
    return kind, wanted


def _check_address(url: str, is_pinned: bool) -> None:
    """Only https, or http with the whole hash known beforehand."""
    scheme = url.partition("://")[0].lower()
    if scheme not in ("http", "https"):
        raise DownloadRefused(f"only http and https addresses are downloaded, not {url}")
    if scheme == "http" and not is_pinned:
        raise DownloadRefused(
            f"{url} would come unprotected, and its whole hash is not known",
            "use an https address, or download the file yourself and give its path",
        )


def _check_existing(wish: _Wish) -> None:
    """A file that is there already is used if it is the right one, and never replaced if it is not."""
    found = hash_of(wish.target, wish.kind) if wish.wanted else ""
    if not found.startswith(wish.wanted):
        text = f"{wish.target} is another file: {wish.kind} {found[:12]}…, expected {wish.wanted[:12]}…"
        raise DownloadRefused(text, "move it away and try again", where=str(wish.target))


def _clear(wish: _Wish) -> None:
    """Take away what only an unfinished download needs."""
    wish.part.unlink(missing_ok=True)
    wish.marks.unlink(missing_ok=True)


@contextlib.contextmanager
def _alone(part: Path) -> Iterator[IO[bytes]]:
    """The partial file, open for appending and held against other processes, where the system has locks."""
    while True:
        with open(part, "ab") as file:
            with contextlib.suppress(ImportError):
                import fcntl

                fcntl.flock(file, fcntl.LOCK_EX)
            # While we waited, the other process may have given this file its final name.
            if goes_by(part, file):
                yield file
                return


def _transfer(wish: _Wish, file: IO[bytes], patience: Patience) -> None:
    """Try until the file is complete and right, or patience ends; a partial file stays for the next time."""
    pause = patience.pause_s
    for attempt in range(1, patience.tries + 1):
        try:
            resumed = _receive(wish, file)
        except _Interrupted as fault:
            if fault.is_final or attempt == patience.tries:
                text = f"{wish.url} could not be downloaded: {fault}"
                hint = "check the network and try again, or download the file yourself and give its path"
                raise NoNetwork(text, hint, where=wish.url) from fault
            time.sleep(pause)
            pause *= 2
            continue
        got = hash_of(wish.part, wish.kind) if wish.wanted else ""
        if got.startswith(wish.wanted):
            settle(wish.part, wish.target)
            return
        file.truncate(0)
        # A part that was here before may have been of another version: then once more from the start.
        if not resumed or attempt == patience.tries:
            text = f"{wish.url} is not the file that was asked for: {wish.kind} {got}, expected {wish.wanted}"
            hint = "it was removed; the server has another version, or it was changed on the way"
            raise DownloadRefused(text, hint, where=wish.url)


def _receive(wish: _Wish, file: IO[bytes]) -> bool:
    """One attempt: append what is missing, or start over. Returns whether it went on from a part."""
    offset = os.fstat(file.fileno()).st_size
    headers = {"User-Agent": "striate", "Accept-Encoding": "identity"}
    marks = _read_marks(wish)
    if offset and marks.get("url") == wish.url and (marks.get("validator") or wish.wanted):
        headers["Range"] = f"bytes={offset}-"
        if marks.get("validator"):
            headers["If-Range"] = marks["validator"]
    with contextlib.closing(_opened(wish, headers, file)) as response:
        goes_on = response.status == http.client.PARTIAL_CONTENT
        at_offset = response.headers.get("Content-Range", "").startswith(f"bytes {offset}-")
        if not (goes_on and at_offset):
            offset = 0
            file.truncate(0)
            if goes_on:
                raise _Interrupted("the server sent another part than the one asked for")
        length = response.headers.get("Content-Length", "")
        total = offset + int(length) if length.isdecimal() and len(length) < 20 else None
        _check_size(wish, total or 0)
        write_json(wish.marks, {"url": wish.url, "validator": _validator(response)})
        done = offset
        for chunk in _chunks(response, wish.timeout_s):
            done += len(chunk)
            _check_size(wish, done)
            file.write(chunk)
            if wish.progress is not None:
                wish.progress(done, total)
        file.flush()
    if total is not None and done != total:
        raise _Interrupted(f"it stopped after {done:,} of {total:,} bytes")
    return offset > 0


def _opened(wish: _Wish, headers: dict[str, str], file: IO[bytes]) -> http.client.HTTPResponse:
    """Ask the server; every fault of the network becomes _Interrupted."""
    request = urllib.request.Request(wish.url, headers=headers)  # noqa: S310  (the scheme was checked)
    try:
        opener = urllib.request.build_opener(_Redirects)
        response: http.client.HTTPResponse = opener.open(request, timeout=wish.timeout_s)
    except urllib.error.HTTPError as fault:
        fault.close()
        if fault.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            file.truncate(0)
            raise _Interrupted("the part that is here does not belong to the file") from fault
        reason = f"the server answered {fault.code} {fault.reason}"
        raise _Interrupted(reason, is_final=fault.code not in _RETRIED) from fault
    except (OSError, ValueError, http.client.HTTPException) as fault:
        raise _Interrupted(str(getattr(fault, "reason", fault)) or type(fault).__name__) from fault
    return response


def _chunks(response: http.client.HTTPResponse, timeout_s: float) -> Iterator[bytes]:
    """The bytes as they come; a server that only trickles is given up like one that is silent."""
    mark, since = time.monotonic(), 0
    while True:
        try:
            chunk = response.read1(_CHUNK)
        except (OSError, http.client.HTTPException) as fault:
            raise _Interrupted(str(fault) or type(fault).__name__) from fault
        if not chunk:
            return
        yield chunk
        since += len(chunk)
        waited = time.monotonic() - mark
        if waited > timeout_s:
            if since < _SLOWEST * waited:
                raise _Interrupted(f"only {since:,} bytes came in {waited:.0f} seconds")
            mark, since = time.monotonic(), 0


def _check_size(wish: _Wish, size: int) -> None:
    """Refuse more bytes than the quota, as soon as they are announced or have come."""
    if size > wish.size_limit:
        text = f"{wish.url} is larger than the {wish.size_limit:,} bytes that were allowed"
        hint = "if the file is wanted all the same, download it yourself and give its path"
        raise DownloadRefused(text, hint, where=wish.url)


def _validator(response: http.client.HTTPResponse) -> str:
    """What names this version of the file: a strong ETag, or else the date of its last change."""
    tag = response.headers.get("ETag", "")
    return tag if tag and not tag.startswith("W/") else response.headers.get("Last-Modified", "")


def _read_marks(wish: _Wish) -> dict[str, str]:
    """What was noted when the partial file was begun; nothing where the note is missing or damaged."""
    try:
        found = json.loads(wish.marks.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


class _Interrupted(Exception):
    """One attempt that failed; the next one may not, unless this is final."""

    def __init__(self, reason: str, is_final: bool = False) -> None:
        super().__init__(reason)
        self.is_final = is_final


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but never to an address that protects less."""

    def redirect_request(
        self, req: urllib.request.Request, *rest: Any
    ) -> urllib.request.Request | None:
        """Refuse what is neither https nor as plain as before; the new address is the last of `rest`."""
        old, new = urlsplit(req.full_url).scheme, urlsplit(rest[-1]).scheme
        if new != "https" and not (old == new == "http"):
            text = f"{req.full_url} leads on to {rest[-1]}, which is not protected"
            raise DownloadRefused(
                text, "download the file yourself and give its path", where=rest[-1]
            )
        return super().redirect_request(req, *rest)
