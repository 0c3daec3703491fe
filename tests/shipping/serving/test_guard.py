"""Nothing passes the gate unless it shows that it may; the attacks are made from the table of routes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.routing import Route

from striate.shipping.serving.counts import Counts
from striate.shipping.serving.desk import Desk
from striate.shipping.serving.guard import HEADERS, Doors, Guard, is_host, split_host
from striate.shipping.serving.limits import DEFAULT
from striate.shipping.serving.routes import application, table
from striate.shipping.serving.workers import Pool
from tests.shipping.serving import served
from tests.shipping.serving.served import Served
from tests.verbs import made

HEALTH = {"/health/live", "/health/ready", "/v2/health/live", "/v2/health/ready"}
PAGE = {"/", "/page/page.css", "/page/page.js", "/page/icon.svg"}
VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE")
TOKEN = "a-token-of-the-tests"


def desk() -> Desk:
    return Desk("m", Pool(Path("x"), 1, 1, DEFAULT, Counts()), Counts(), DEFAULT)


def guarded(doors: Doors) -> Guard:
    return application(desk(), doors)


def routes() -> list[str]:
    """Every path that the application itself knows, whatever the table says."""
    app = guarded(Doors(8000))._app
    found = [route.path for route in app.routes if isinstance(route, Route)]  # type: ignore[attr-defined]
    assert len(found) == len(app.routes)  # type: ignore[attr-defined]
    return [path.format(name="m", version="1") for path in dict.fromkeys(found)]


def scope(path: str, method: str = "GET", **headers: str) -> dict[str, object]:
    pairs = [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()]
    return {"type": "http", "path": path, "method": method, "headers": pairs}


async def _status(guard: Guard, asked: dict[str, object]) -> tuple[int, dict[bytes, bytes]]:
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.disconnect"}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    reached = AssertionError("the request came through the gate")

    async def inside(*_: object) -> None:
        raise reached

    guard._app = inside
    await guard(asked, receive, send)  # type: ignore[arg-type]
    return sent[0]["status"], dict(sent[0]["headers"])  # type: ignore[call-overload, return-value]


def refused(guard: Guard, asked: dict[str, object]) -> tuple[int, dict[bytes, bytes]]:
    import asyncio

    return asyncio.run(_status(guard, asked))


HOSTS = (
    "evil.com",
    "127.0.0.1.evil.com",
    "localhost.evil.com:8000",
    "127.0.0.1:8001",
    "localhost",
    "[::1",
    "127.0.0.1:8000@evil.com",
    "127.0.0.1:",
    "0.0.0.0:8000",
    "10.0.0.1:8000",
)
ORIGINS = (
    "null",
    "http://evil.com",
    "http://localhost:3000",
    "http://127.0.0.1:8001",
    "http://localhost:8000",
    "https://127.0.0.1.evil.com:8000",
    "127.0.0.1:8000",
)


def attacks() -> Iterator[dict[str, str]]:
    """What a browser or a stranger sends: one header is wrong."""
    yield from ({"host": host} for host in ("", *HOSTS))
    good = {"host": "127.0.0.1:8000"}
    yield from (good | {"origin": origin} for origin in ("", *ORIGINS))
    yield from (good | {"sec_fetch_site": s} for s in ("cross-site", "same-site", "", "nonsense"))


@pytest.mark.parametrize("path", [*routes(), "/unknown", "//", "/health/live/", "/HEALTH/live"])
def test_no_attack_passes_on_any_route_or_verb(path: str) -> None:
    guard, wanted = guarded(Doors(8000)), path in HEALTH
    for method, headers in itertools.product(VERBS, attacks()):
        for kind in ("application/x-www-form-urlencoded", "text/plain", "application/json"):
            status, found = refused(guard, scope(path, method, content_type=kind, **headers))
            assert (status == 500) == wanted, (
                path,
                method,
                headers,
            )  # 500: it came through, in this test
            assert wanted or status in (400, 403)
            assert found[b"x-frame-options"] == b"DENY"


@pytest.mark.parametrize("path", [*routes(), "/unknown"])
def test_with_a_token_everything_but_health_and_the_page_needs_it(path: str) -> None:
    guard = guarded(Doors(8000, token=TOKEN))
    free = path in HEALTH | PAGE
    wrong = (
        "",
        "Bearer",
        "Bearer x",
        f"Basic {TOKEN}",
        TOKEN,
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
    )
    for method, given in itertools.product(VERBS, (None, *wrong)):
        headers = {"host": "localhost:8000"} | ({} if given is None else {"authorization": given})
        status, found = refused(guard, scope(path, method, **headers))
        assert (status == 500) == free, (path, method, given)
        assert free or (status == 401 and found[b"www-authenticate"] == b"Bearer")
    right = scope(path, host="localhost:8000", authorization=f"Bearer {TOKEN}")
    assert refused(guard, right)[0] == 500


def test_the_routes_without_a_guard_are_the_four_of_health() -> None:
    ways = table(desk())
    assert {way.path for way in ways if way.who == "open"} == HEALTH
    assert {way.path for way in ways if way.who == "page"} == PAGE
    assert {way.who for way in ways} == {"open", "page", "guarded"}


@pytest.mark.parametrize(
    "host", ["localhost:8000", "127.0.0.1:8000", "[::1]:8000", "LOCALHOST:8000"]
)
def test_our_own_names_come_in(host: str) -> None:
    guard = guarded(Doors(8000))
    assert refused(guard, scope("/card", host=host))[0] == 500
    own = scope("/card", host=host, origin=f"http://{host.lower()}", sec_fetch_site="same-origin")
    assert refused(guard, own)[0] == 500


def test_further_names_come_in_with_or_without_a_port() -> None:
    doors = Doors(8000, ("pets.example.org", "b.example:9000"))
    assert doors.knows("pets.example.org")
    assert doors.knows("pets.example.org:443")
    assert doors.knows("b.example:9000")
    assert not doors.knows("b.example")
    assert not doors.knows("x.pets.example.org")
    assert not doors.knows("10.0.0.7:8000")
    assert Doors(8000, any_address=True).knows("10.0.0.7:8000")
    assert not Doors(8000, any_address=True).knows("evil.com:8000")


@pytest.mark.parametrize("name", ["http://pets.example", "::", "fe80::1", "", "[x"])
def test_a_name_that_is_none_lets_nobody_in(name: str) -> None:
    for doors in (Doors(8000, (name,)), Doors(8000, (name,), any_address=True)):
        for host in ("", "evil.com:", "[x", "evil.com:port", "http://evil.com", "::"):
            assert not doors.knows(host), host


@pytest.mark.parametrize(
    "name", ["pets.example.org", "pets.example.org:8443", "[2001:db8::7]:80", "10.0.0.7", "P_1"]
)
def test_names_that_a_header_can_hold_may_be_allowed(name: str) -> None:
    assert is_host(name)


@pytest.mark.parametrize(
    "name",
    ["", " ", "http://a.example", "a.example/", "fe80::1", "*.example", "a b", "a:b", "[x]", "ü.de"],
    ids=range(10),
)  # fmt: skip
def test_names_that_none_can_hold_may_not(name: str) -> None:
    assert not is_host(name)


def test_on_port_eighty_the_port_may_be_left_out() -> None:
    assert Doors(80).knows("localhost")


@pytest.mark.parametrize(
    ("host", "split"),
    [("a:1", ("a", 1)), ("A.", ("a", None)), ("[::1]:2", ("::1", 2)), ("[::1]", ("::1", None)),
     ("a:", ("", None)), ("a:b", ("", None)), ("[x", ("", None)), ("[x]y", ("", None)), ("a:٣", ("", None))],
)  # fmt: skip
def test_a_host_is_split_strictly(host: str, split: tuple[str, int | None]) -> None:
    assert split_host(host) == split


@pytest.mark.parametrize("name", ["host", "origin", "authorization", "sec-fetch-site"])
def test_a_header_that_stands_twice_is_refused(name: str) -> None:
    asked = scope("/card", host="localhost:8000")
    asked["headers"] += [(name.encode(), b"localhost:8000")] * 2  # type: ignore[operator]
    assert refused(guarded(Doors(8000)), asked)[0] == 400


def test_every_answer_of_a_real_server_has_the_headers() -> None:
    server = served.photos()
    for method, path in (
        ("GET", "/"),
        ("GET", "/nothing"),
        ("DELETE", "/predict"),
        ("POST", "/predict"),
    ):
        found = server.ask(method, path, b"" if method == "POST" else None)
        for name, value in HEADERS:
            assert found.headers[name.decode()] == value.decode()
    policy = dict(HEADERS)[b"content-security-policy"]
    assert b"unsafe" not in policy
    assert policy.startswith(b"default-src 'none'")


def test_a_real_server_refuses_other_sites_and_counts_them() -> None:
    with Served(made.photos().path, token=TOKEN, allowed_hosts=["pets.example.org"]) as server:
        own = {"Authorization": f"Bearer {TOKEN}"}
        assert server.ask("GET", "/card").status == 401
        assert server.ask("GET", "/card", headers=own).status == 200
        assert server.ask("GET", "/card", headers=own | {"Host": "pets.example.org"}).status == 200
        assert server.ask("GET", "/card", headers=own | {"Host": "evil.com"}).status == 403
        assert server.ask("GET", "/health/ready", headers={"Host": "evil.com"}).status == 200
        picture = served.pictures()[0]
        for bad in ({"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {"Host": "a"}):
            assert server.ask("POST", "/predict", picture, own | bad).status == 403
        metrics = server.ask("GET", "/metrics", headers=own).body.decode()
    assert 'striate_refused_total{reason="host"} 2' in metrics
    assert 'striate_refused_total{reason="token"} 1' in metrics
    assert "striate_pictures_total 0" in metrics


def test_three_hundred_ways_up_the_folders_lead_nowhere() -> None:
    server = served.photos()
    ups = (
        "../",
        "..%2f",
        "%2e%2e/",
        "....//",
        "..\\",
        "%252e%252e%252f",
        "..;/",
        "/",
        "%00/",
        "./../",
    )
    ends = ("etc/passwd", "etc%2fpasswd", "index.html", "guard.py", "../page.css%00.js")
    starts = (
        "/page/",
        "/v2/models/",
        "/v2/models/photos/versions/",
        "/",
        "/predict/",
        "/page/page.css/",
    )
    asked = [f"{start}{up * 3}{end}" for start in starts for up in ups for end in ends]
    assert len(asked) == 300
    for path in asked:
        found = server.ask("GET", path)
        assert found.status in (400, 404), path
        assert b"root:" not in found.body
        assert b"import" not in found.body
