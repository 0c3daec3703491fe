"""From the start to the end of a server: its socket, its signals, the last answers."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import socket
import threading
from pathlib import Path

import pytest

from striate.errors import CannotServe
from striate.shipping.serving import server as serving
from striate.shipping.serving.limits import Limits, Order
from tests.shipping.serving import served
from tests.shipping.serving.served import HANG_S, Served
from tests.verbs import made


def no_telling(_: serving.Serving) -> None:
    raise AssertionError("it must not start")


def test_a_port_that_is_taken_is_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(CannotServe, match="another program uses that port") as refused:
            serving.serve(Path("x"), Order(port=port), no_telling)
    assert "--port" in refused.value.hint


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", ""])
def test_an_address_open_to_others_needs_a_token(host: str) -> None:
    with pytest.raises(CannotServe, match="no token"):
        serving.serve(Path("x"), Order(host=host, port=0), no_telling)


@pytest.mark.parametrize("name", ["http://pets.example", "fe80::1", ""])
def test_an_allowed_host_that_is_none_is_refused_before_the_start(name: str) -> None:
    with pytest.raises(CannotServe, match="no name that a browser could send"):
        serving.serve(Path("x"), Order(port=0, allowed_hosts=("a.example", name)), no_telling)


def test_the_address_that_is_listened_on_comes_in() -> None:
    second = serving._doors(Order(host="127.0.0.2"), 8000, is_local=True)
    assert second.knows("127.0.0.2:8000")
    assert second.knows("localhost:8000")
    assert not second.knows("127.0.0.2:8001")
    assert not second.knows("127.0.0.3:8000")
    wide = serving._doors(Order(host="2001:db8::7", token="t"), 8000, is_local=False)
    assert wide.knows("[2001:db8::7]:8000")
    everywhere = serving._doors(Order(host="::", token="t"), 8000, is_local=False)
    assert not everywhere.knows("evil.com:")
    assert not everywhere.knows("")


def test_an_address_that_is_not_ours_is_a_sentence() -> None:
    with pytest.raises(CannotServe, match=r"cannot be listened on"):
        serving.listening("192.0.2.1", 0)
    with pytest.raises(CannotServe, match="no address of this machine"):
        serving.listening("no such name.invalid", 0)


def test_a_socket_error_says_what_the_system_says() -> None:
    fault = serving._no_socket("h", 80, OSError(errno.EACCES, "Permission denied"))
    assert "Permission denied" in fault.text


@pytest.mark.parametrize(
    ("path", "name"),
    [("a/pets.striate", "pets"), ("model.onnx", "model"), ("runs/a b ü", "a-b"), ("ü", "model")],
)
def test_a_model_is_called_after_its_file(path: str, name: str) -> None:
    assert serving.model_name(Path(path)) == name


def test_the_address_told_is_one_that_can_be_typed() -> None:
    assert serving.address("0.0.0.0", 80) == "http://127.0.0.1:80/"
    assert serving.address("::1", 8000) == "http://[::1]:8000/"


def test_the_server_listens_on_the_loopback_alone() -> None:
    port = served.photos().port
    lines = Path("/proc/net/tcp").read_text().splitlines()
    bound = [line.split()[1] for line in lines if f":{port:04X} " in line and " 0A " in line]
    assert bound == [f"0100007F:{port:04X}"]


def test_before_the_model_is_there_it_lives_and_is_not_ready() -> None:
    server = Served(made.photos().path)
    try:
        assert server.ask("GET", "/health/live").status == 200
        assert server.ask("GET", "/health/ready").status == 503
        assert server.post(b"x").status == 503
        server.wait_ready()
        assert server.ready()
    finally:
        server.stop()


def refused(server: Served) -> bool:
    """Whether it takes nothing new. What it did take is not waited for."""
    with contextlib.suppress(TimeoutError):
        found = server.ask("POST", "/predict", served.pictures()[0], timeout=1.0)
        return (found.status, found.headers.get("retry-after")) == (503, "1")
    return False


def ended() -> None:
    """A server with fifty requests in hand is told to end."""
    with Served(made.photos().path, Limits(notice_s=0.5)) as server:
        number = served.pause(server)
        found: list[int] = []
        threads = [
            threading.Thread(target=lambda p=p: found.append(server.post(p).status))
            for p in served.pictures()[:25] * 2
        ]
        for thread in threads:
            thread.start()
        server.until(lambda: server.count("striate_queue_pictures") == 50)
        server.process.send_signal(signal.SIGTERM)
        assert server.until(lambda: not server.ready()) < 5  # 0.1 s is aimed at
        assert server.ask("GET", "/health/live").status == 200
        server.until(lambda: refused(server))
        os.kill(number, signal.SIGCONT)
        for thread in threads:
            thread.join()
        assert found == [200] * 50
        assert server.process.wait(HANG_S) == 0


def test_sigterm_answers_what_is_under_way_and_ends_with_zero() -> None:
    ended()


@pytest.mark.slow
def test_ten_times_sigterm_answers_every_request_of_fifty() -> None:
    for _ in range(10):
        ended()


def test_the_end_does_not_wait_for_ever_and_a_second_signal_not_at_all() -> None:
    for signals, limits in ((1, Limits(notice_s=0.1, drain_s=1.5)), (2, Limits())):
        with Served(made.photos().path, limits) as server:
            served.pause(server)
            asking = threading.Thread(target=_ask_quietly, args=(server,))
            asking.start()
            server.until(lambda s=server: s.count("striate_queue_pictures") == 1)
            for _ in range(signals):
                server.process.send_signal(signal.SIGINT)
                server.until(lambda s=server: not s.ready())  # two at once would be one
            assert server.process.wait(HANG_S) == 0
            asking.join()


def _ask_quietly(server: Served) -> None:
    with contextlib.suppress(OSError):
        server.post(served.pictures()[0])
