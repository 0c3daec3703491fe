"""Many clients at once: every answer is right, and belongs to the one who asked."""

from __future__ import annotations

import http.client
import random
import threading
import time

import pytest

from striate.shipping.classifier import load
from tests.shipping.serving import served
from tests.shipping.serving.served import Served
from tests.verbs import made


def crowd(server: Served, clients: int, requests: int) -> list[str]:
    """What went wrong, over clients that each ask on one connection."""
    files = served.pictures()
    wanted = [one.probability for one in load(made.photos().path, threads=1).predict(list(files))]
    faults: list[str] = []

    def one(number: int) -> None:
        draw = random.Random(number)
        link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=served.HANG_S)
        for _ in range(requests // clients):
            some = [draw.randrange(len(files)) for _ in range(draw.choice((1, 1, 1, 2, 7)))]
            body, kind = files[some[0]], "image/jpeg"
            if len(some) > 1:
                body, kind = served.form(*((str(i), files[i]) for i in some))
            while True:
                link.request("POST", "/predict", body, {"content-type": kind})
                found = link.getresponse()
                text = found.read()
                if found.status != 503:
                    break
                time.sleep(0.01 * draw.random())
            rows = served.Answer(found.status, {}, text).json["predictions"]
            right = found.status == 200 and len(rows) == len(some)
            for i, row in zip(some, rows, strict=False):
                right = right and abs(row["probability"] - wanted[i]) < 1e-5
                right = right and row["path"] in ("", str(i))
            if not right:
                faults.append(f"{some}: {found.status} {text[:200]!r}")
        link.close()

    threads = [threading.Thread(target=one, args=(i,)) for i in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return faults


def test_a_crowd_gets_its_own_answers_and_the_counters_hold_all_of_them() -> None:
    server = served.photos()
    before = server.count("striate_request_seconds_count")
    assert crowd(server, 20, 400) == []
    assert server.count("striate_request_seconds_count") - before >= 400
    text = server.ask("GET", "/metrics").body.decode()
    assert "\nstriate_queue_pictures 0\n" in text


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_ten_thousand_requests_from_two_hundred_clients(workers: int) -> None:
    with Served(made.photos().path, workers=workers) as server:
        assert crowd(server, 200, 10_000) == []
        text = server.ask("GET", "/metrics").body.decode()
        assert 'striate_requests_total{route="/predict",code="200"} 10000' in text
