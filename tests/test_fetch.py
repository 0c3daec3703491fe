"""A downloader against a real server that misbehaves in every way we could think of."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.request import Request

import pytest

from striate import fetch as fetching
from striate.errors import DownloadRefused, FileFault, NoNetwork
from striate.fetch import Patience, fetch

CONTENT = bytes(range(256)) * 4000
OTHER = CONTENT[::-1]
SHA256 = hashlib.sha256(CONTENT).hexdigest()
QUICK = Patience(timeout_s=0.5, tries=3, pause_s=0.01)


class Server(ThreadingHTTPServer):
    """Serves CONTENT, in the manner a test asks for."""

    daemon_threads = True
    content = CONTENT
    etag = '"one"'
    stops_after: list[int]  # one number per request: send so many bytes and hang up
    statuses: list[int]
    honours_ranges = True
    sends_length = True
    redirects_to = ""
    stalls = False
    seen: list[dict[str, str]]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/file"


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Server
    protocol_version = "HTTP/1.0"

    def log_message(self, *args: Any) -> None:
        """Stay silent."""

    def do_GET(self) -> None:
        """Answer as the server was told to."""
        server = self.server
        server.seen.append(dict(self.headers))
        if server.statuses:
            self.send_error(server.statuses.pop(0))
            return
        if server.redirects_to:
            self.send_response(302)
            self.send_header("Location", server.redirects_to)
            self.end_headers()
            return
        start = self.start()
        body = server.content[start:]
        self.send_response(206 if start else 200)
        if start:
            last = len(server.content) - 1
            self.send_header("Content-Range", f"bytes {start}-{last}/{len(server.content)}")
        if server.sends_length:
            self.send_header("Content-Length", str(len(body)))
        if server.etag:
            self.send_header("ETag", server.etag)
        self.end_headers()
        stop = server.stops_after.pop(0) if server.stops_after else len(body)
        self.wfile.write(body[:stop])
        while server.stalls:
            time.sleep(0.1)
            self.wfile.write(b".")

    def start(self) -> int:
        """Where a Range asks to begin, if the file is still the one that If-Range names."""
        asked, known = self.headers.get("Range"), self.headers.get("If-Range")
        if not asked or not self.server.honours_ranges or (known and known != self.server.etag):
            return 0
        return int(asked.removeprefix("bytes=").rstrip("-"))


@pytest.fixture
def server() -> Iterator[Server]:
    """A server on a free port of this machine."""
    server = Server(("127.0.0.1", 0), Handler)
    server.stops_after, server.statuses, server.seen = [], [], []
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
    )
    thread.start()
    yield server
    server.stalls = False
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Where the file goes."""
    return tmp_path / "file.bin"


def left(target: Path) -> list[str]:
    """Names in the folder of the target."""
    return sorted(p.name for p in target.parent.iterdir())


def test_a_file_arrives_whole_and_nothing_else_is_left(server: Server, target: Path) -> None:
    steps: list[tuple[int, int | None]] = []
    found = fetch(server.url, target, sha256=SHA256, progress=lambda *step: steps.append(step))
    assert found == target
    assert target.read_bytes() == CONTENT
    assert left(target) == ["file.bin"]
    assert steps[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)


def test_a_file_that_is_there_and_right_is_not_asked_for_again(
    server: Server, target: Path
) -> None:
    target.write_bytes(CONTENT)
    fetch(server.url, target, sha256=SHA256)
    fetch("https://nowhere.invalid/file", target, sha256_prefix=SHA256[:8])
    fetch("https://nowhere.invalid/file", target)
    assert not server.seen


def test_another_file_in_its_place_is_neither_used_nor_replaced(
    server: Server, target: Path
) -> None:
    target.write_bytes(b"mine")
    with pytest.raises(DownloadRefused, match="file.bin is another file: sha256"):
        fetch(server.url, target, sha256=SHA256)
    assert target.read_bytes() == b"mine"
    assert not server.seen


def test_a_wrong_hash_is_refused_and_nothing_is_kept(server: Server, target: Path) -> None:
    server.content = OTHER
    with pytest.raises(
        DownloadRefused, match="is not the file that was asked for: sha256 .*, expected"
    ):
        fetch(server.url, target, sha256=SHA256)
    assert left(target) == []
    assert len(server.seen) == 1


def test_a_transfer_that_stops_goes_on_where_it_stopped(server: Server, target: Path) -> None:
    server.stops_after = [300_000, 400_000]
    fetch(server.url, target, sha256=SHA256, patience=QUICK)
    assert target.read_bytes() == CONTENT
    assert [seen.get("Range") for seen in server.seen] == [None, "bytes=300000-", "bytes=700000-"]
    assert server.seen[1]["If-Range"] == '"one"'


def test_the_next_call_goes_on_where_the_last_one_gave_up(server: Server, target: Path) -> None:
    server.stops_after = [1000, 1000, 1000]
    with pytest.raises(
        NoNetwork, match=r"could not be downloaded: it stopped after 3,000 of 1,024,000 bytes"
    ):
        fetch(server.url, target, sha256=SHA256, patience=QUICK)
    assert left(target) == ["file.bin.part", "file.bin.part.json"]
    fetch(server.url, target, sha256=SHA256, patience=QUICK)
    assert server.seen[-1]["Range"] == "bytes=3000-"
    assert left(target) == ["file.bin"]


def test_a_changed_file_is_begun_anew_and_not_glued_together(server: Server, target: Path) -> None:
    server.content, server.etag, server.stops_after = OTHER, '"old"', [500_000] * 3
    with pytest.raises(NoNetwork, match="stopped"):
        fetch(server.url, target, sha256=SHA256, patience=Patience(0.5, 1, 0.01))
    server.content, server.etag, server.stops_after = CONTENT, '"new"', []
    fetch(server.url, target, sha256=SHA256, patience=QUICK)
    assert target.read_bytes() == CONTENT


def test_a_file_that_changed_without_a_sign_is_noticed_by_its_hash(
    server: Server, target: Path
) -> None:
    server.content, server.etag, server.stops_after = OTHER, "", [500_000]
    with pytest.raises(NoNetwork, match="stopped"):
        fetch(server.url, target, sha256=SHA256, patience=Patience(0.5, 1, 0.01))
    server.content = CONTENT
    fetch(server.url, target, sha256=SHA256, patience=QUICK)
    assert target.read_bytes() == CONTENT
    assert [seen.get("Range") for seen in server.seen] == [None, "bytes=500000-", None]


def test_a_part_of_another_address_is_not_used(server: Server, target: Path) -> None:
    server.stops_after = [1000]
    with pytest.raises(NoNetwork, match="stopped"):
        fetch(server.url + "?a", target, sha256=SHA256, patience=Patience(0.5, 1, 0.01))
    fetch(server.url + "?b", target, sha256=SHA256, patience=QUICK)
    assert "Range" not in server.seen[-1]


def test_a_server_without_ranges_is_asked_for_the_whole(server: Server, target: Path) -> None:
    server.honours_ranges, server.stops_after = False, [300_000]
    fetch(server.url, target, sha256=SHA256, patience=QUICK)
    assert target.read_bytes() == CONTENT


def test_a_damaged_note_beside_the_part_does_no_harm(server: Server, target: Path) -> None:
    target.with_name("file.bin.part").write_bytes(b"rubbish")
    target.with_name("file.bin.part.json").write_text("{no json")
    fetch(server.url, target, sha256=SHA256, patience=QUICK)
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize("sends_length", [True, False])
def test_more_bytes_than_allowed_are_refused(
    server: Server, target: Path, sends_length: bool
) -> None:
    server.sends_length = sends_length
    with pytest.raises(DownloadRefused, match="larger than the 1,000 bytes that were allowed"):
        fetch(server.url, target, sha256=SHA256, size_limit=1000, patience=QUICK)
    assert left(target) == []


def test_passing_faults_of_a_server_are_tried_again(server: Server, target: Path) -> None:
    server.statuses = [503, 429]
    fetch(server.url, target, sha256=SHA256, patience=QUICK)
    assert target.read_bytes() == CONTENT


def test_a_lasting_fault_of_a_server_is_said_at_once(server: Server, target: Path) -> None:
    server.statuses = [404, 404]
    with pytest.raises(NoNetwork, match="the server answered 404 Not Found"):
        fetch(server.url, target, sha256=SHA256, patience=QUICK)
    assert len(server.seen) == 1


def test_a_part_longer_than_the_file_is_thrown_away(server: Server, target: Path) -> None:
    server.stops_after = [1000]
    with pytest.raises(NoNetwork, match="stopped"):
        fetch(server.url, target, sha256=SHA256, patience=Patience(0.5, 1, 0.01))
    server.statuses = [416]
    fetch(server.url, target, sha256=SHA256, patience=QUICK)
    assert target.read_bytes() == CONTENT


def test_a_silent_server_is_given_up(target: Path) -> None:
    silent = ThreadingHTTPServer(("127.0.0.1", 0), Handler)  # accepts, and never answers
    try:
        url = f"http://127.0.0.1:{silent.server_address[1]}/"
        with pytest.raises(NoNetwork, match="timed out"):
            fetch(url, target, sha256=SHA256, patience=Patience(0.1, 2, 0.01))
    finally:
        silent.server_close()


def test_a_server_that_only_trickles_is_given_up(server: Server, target: Path) -> None:
    server.stalls, server.stops_after, server.sends_length = True, [10, 10, 10], False
    with pytest.raises(NoNetwork, match="bytes came in"):
        fetch(server.url, target, sha256=SHA256, patience=Patience(0.3, 1, 0.01))


def test_without_a_network_the_address_is_named(target: Path) -> None:
    with pytest.raises(
        NoNetwork, match=r"https://127\.0\.0\.1:9/file could not be downloaded: .*refused"
    ) as fault:
        fetch("https://127.0.0.1:9/file", target, patience=Patience(0.5, 2, 0.01))
    assert fault.value.where == "https://127.0.0.1:9/file"
    assert "give its path" in fault.value.hint


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://a/b", "a.bin", "//a/b", "data:,x"])
def test_other_kinds_of_addresses_are_refused(url: str, target: Path) -> None:
    with pytest.raises(DownloadRefused, match="only http and https addresses"):
        fetch(url, target)


def test_plain_http_needs_the_whole_hash(target: Path) -> None:
    for pin in ({}, {"sha256_prefix": SHA256[:8]}):
        with pytest.raises(DownloadRefused, match="would come unprotected"):
            fetch("http://example.invalid/file", target, **pin)  # type: ignore[arg-type]


@pytest.mark.parametrize("pin", ["abc", "x" * 64, SHA256 + "0", ""])
def test_what_is_no_hash_is_refused(pin: str, target: Path) -> None:
    with pytest.raises(DownloadRefused, match="is not a SHA-256"):
        fetch("https://example.invalid/file", target, sha256=pin)


@pytest.mark.parametrize(
    ("old", "new", "is_followed"),
    [
        ("https://a.invalid/", "https://b.invalid/", True),
        ("http://a.invalid/", "https://b.invalid/", True),
        ("http://a.invalid/", "http://b.invalid/", True),
        ("https://a.invalid/", "http://b.invalid/", False),
        ("https://a.invalid/", "ftp://b.invalid/", False),
    ],
)
def test_redirects_never_lead_to_less_protection(old: str, new: str, is_followed: bool) -> None:
    follow = fetching._Redirects().redirect_request
    if is_followed:
        request = follow(Request(old), None, 302, "Found", {}, new)
        assert request is not None
        assert request.full_url == new
    else:
        with pytest.raises(DownloadRefused, match="leads on to .*, which is not protected"):
            follow(Request(old), None, 302, "Found", {}, new)


def test_a_redirect_on_this_machine_is_followed(server: Server, target: Path) -> None:
    server.redirects_to = server.url
    with pytest.raises(NoNetwork, match="302"):  # to itself: for ever
        fetch(server.url, target, sha256=SHA256, patience=QUICK)


def test_two_at_once_do_not_spoil_each_other(server: Server, target: Path) -> None:
    faults: list[BaseException] = []

    def download() -> None:
        try:
            fetch(server.url, target, sha256=SHA256)
        except Exception as fault:  # noqa: BLE001
            faults.append(fault)

    threads = [threading.Thread(target=download) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert target.read_bytes() == CONTENT
    assert left(target) == ["file.bin"]


def test_a_folder_that_is_not_there_is_a_fault_of_files(server: Server, target: Path) -> None:
    with pytest.raises(FileFault, match="cannot be written: No such file or directory"):
        fetch(server.url, target.parent / "no" / "file", sha256=SHA256)


def test_an_md5_pins_a_file_too_and_plain_http_is_then_taken(server: Server, target: Path) -> None:
    fetch(server.url, target, md5=hashlib.md5(CONTENT).hexdigest().upper())
    assert target.read_bytes() == CONTENT
    fetch("http://nowhere.invalid/file", target, md5=hashlib.md5(CONTENT).hexdigest())


def test_a_wrong_md5_is_refused_and_nothing_is_kept(server: Server, target: Path) -> None:
    with pytest.raises(DownloadRefused, match=f"asked for: md5 .*, expected {'0' * 32}"):
        fetch(server.url, target, md5="0" * 32)
    assert left(target) == []
    target.write_bytes(b"mine")
    with pytest.raises(DownloadRefused, match=r"another file: md5 .*, expected 000000000000…"):
        fetch(server.url, target, md5="0" * 32)
    assert target.read_bytes() == b"mine"


@pytest.mark.parametrize("text", ["", "0" * 31, "g" * 32, "0" * 64])
def test_what_is_no_md5_is_refused_before_anything_is_asked(
    server: Server, target: Path, text: str
) -> None:
    with pytest.raises(DownloadRefused, match="is no MD5"):
        fetch(server.url, target, md5=text)
    assert not server.seen


def test_half_an_interrupted_file_with_an_md5_is_completed(server: Server, target: Path) -> None:
    server.stops_after, server.etag = [300_000], ""
    fetch(server.url, target, md5=hashlib.md5(CONTENT).hexdigest(), patience=QUICK)
    assert server.seen[-1]["Range"] == "bytes=300000-"
