"""The process of the model may die, hang or be late; the server answers for it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from striate.errors import FileFault, GraphRefused, StriateError
from striate.shipping.serving import workers
from striate.shipping.serving.counts import Counts
from striate.shipping.serving.limits import Limits
from tests.shipping.serving import served
from tests.shipping.serving.served import Served
from tests.verbs import made


def together(server: Served, count: int) -> tuple[list[threading.Thread], list[served.Answer]]:
    """Requests that are under way, and the list their answers come into."""
    found: list[served.Answer] = []
    picture = served.pictures()[0]
    threads = [
        threading.Thread(target=lambda: found.append(server.post(picture))) for _ in range(count)
    ]
    for thread in threads:
        thread.start()
    return threads, found


def killed(times: int) -> None:
    """The model is killed with five requests in hand, again and again."""
    with Served(made.photos().path) as server:
        for _ in range(times):
            number = served.pause(server)
            threads, found = together(server, 5)
            server.until(lambda: server.count("striate_queue_pictures") == 5)
            os.kill(number, signal.SIGKILL)
            for thread in threads:
                thread.join()
            assert [one.status for one in found] == [503] * 5
            assert all(one.headers["retry-after"] for one in found)
            assert server.ask("GET", "/health/live").status == 200
            server.until(server.ready)
            assert server.post(served.pictures()[0]).status == 200
        assert server.count("striate_model_restarts_total") == times


def test_a_killed_model_comes_back_and_only_its_own_requests_fail() -> None:
    killed(2)


@pytest.mark.slow
def test_a_model_that_is_killed_ten_times_comes_back_each_time() -> None:
    killed(10)


@pytest.mark.parametrize(
    "written",
    [b"\xff" * 64, b"\x02\0\0\0\0\0\0\0[]", b"\x04\0\0\0\0\0\0\0nojs", b"\x02\0\0\0\0\0\0\0{}"],
    ids=["length", "list", "no JSON", "no id"],
)
def test_a_process_that_writes_nonsense_is_ended_and_the_next_one_started(written: bytes) -> None:
    async def ran() -> dict[str, Any] | None:
        code = f"import sys, time; sys.stdout.buffer.write({written!r}); sys.stdout.flush(); time.sleep(600)"
        worker = workers.Worker((sys.executable, "-c", code), Counts())
        found = await asyncio.wait_for(worker.once(), served.HANG_S)
        assert worker.pid is not None
        assert _is_dead(worker.pid)
        return found

    assert asyncio.run(ran()) is None


def test_a_process_that_cannot_be_started_is_a_sentence(tmp_path: Path) -> None:
    worker = workers.Worker((str(tmp_path / "nothing"),), Counts())
    told = asyncio.run(worker.once())
    assert told is not None
    assert "cannot be started: No such file" in told["text"]


def test_a_request_for_which_there_was_no_time_is_504(monkeypatch: pytest.MonkeyPatch) -> None:
    def sent(_: object, head: dict[str, Any], body: object) -> asyncio.Future[workers.Reply]:
        future = asyncio.get_running_loop().create_future()
        future.set_result(workers.Reply({"id": head["id"], "late": True}, b""))
        return future

    async def asked() -> None:
        pool = workers.Pool(Path("x"), 1, 1, Limits(), Counts())
        pool.workers[0].ready = True
        with pytest.raises(workers.Refused, match="no answer within 30 s") as refused:
            await pool.ask({"do": "predict"}, [b""], 1)
        assert (refused.value.status, pool.pictures) == (504, 0)

    monkeypatch.setattr(workers.Worker, "send", sent)
    asyncio.run(asked())


def test_a_full_queue_refuses_at_once_and_nobody_who_waits_is_lost() -> None:
    with Served(made.photos().path, Limits(queue=8)) as server:
        number = served.pause(server)
        threads, found = together(server, 8)
        server.until(lambda: server.count("striate_queue_pictures") == 8)
        for _ in range(5):
            refused = server.post(served.pictures()[0])
            assert refused.status == 503
            assert refused.headers["retry-after"] == "1"
        assert server.ask("GET", "/health/live").status == 200
        os.kill(number, signal.SIGCONT)
        for thread in threads:
            thread.join()
        assert [one.status for one in found] == [200] * 8
        assert server.count("striate_queue_pictures") == 0


def test_bytes_in_hand_are_bounded_over_all_requests() -> None:
    with Served(made.photos().path, Limits(in_hand=3 * 2**20)) as server:
        number = served.pause(server)
        big = bytes(2**20)
        threads = [threading.Thread(target=server.post, args=(big,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        server.until(lambda: server.count("striate_bytes_in_hand") >= 2 * 2**20)
        assert server.post(bytes(2**20 + 1)).status == 503
        os.kill(number, signal.SIGCONT)
        for thread in threads:
            thread.join()
        assert server.count("striate_bytes_in_hand") == 0
        assert server.post(served.pictures()[0]).status == 200


def test_a_stuck_model_is_504_and_then_a_new_process() -> None:
    with Served(made.photos().path, Limits(deadline_s=0.8)) as server:
        number = served.pause(server)
        late = server.post(served.pictures()[0])
        assert late.status == 504
        server.until(lambda: number not in server.models())
        # On a slow machine it may be late again.
        server.until(lambda: server.post(served.pictures()[0]).status == 200)


def test_two_workers_share_the_work_and_one_may_die() -> None:
    with Served(made.photos().path, workers=2) as server:
        server.until(lambda: server.count("striate_models_ready") == 2)
        first, second = server.models()
        for one in (first, second):
            os.kill(one, signal.SIGSTOP)
        threads, found = together(server, 6)
        # None is answered before all are given out: three to each.
        server.until(lambda: server.count("striate_queue_pictures") == 6)
        os.kill(second, signal.SIGCONT)
        server.until(lambda: len(found) == 3)
        os.kill(first, signal.SIGKILL)
        for thread in threads:
            thread.join()
        assert sorted(one.status for one in found) == [200] * 3 + [503] * 3


def test_a_model_that_was_removed_is_tried_again_with_pauses(tmp_path: Path) -> None:
    model = made.copy(made.photos().path / "bundle", tmp_path / "bundle")
    with Served(model) as server:
        (number,) = server.models()
        away = model.rename(tmp_path / "away")
        os.kill(number, signal.SIGKILL)
        server.until(lambda: not server.ready())
        assert server.post(served.pictures()[0]).status == 503
        server.until(lambda: server.count("striate_model_restarts_total") >= 2)
        away.rename(model)
        server.until(server.ready)


def test_the_model_processes_end_with_the_server_however_it_ends() -> None:
    with Served(made.photos().path) as server:
        (number,) = server.models()
        server.process.kill()
        server.process.wait()
        began = time.monotonic()
        while Path(f"/proc/{number}").exists() and not _is_dead(number):
            assert time.monotonic() - began < served.HANG_S
            time.sleep(0.02)


def _is_dead(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().split()[2] == "Z"
    except OSError:
        return True


@pytest.mark.parametrize(
    ("code", "kind"), [("P001", GraphRefused), ("F001", FileFault), ("Q", StriateError)]
)
def test_a_fault_of_the_child_is_the_same_fault_here(code: str, kind: type[StriateError]) -> None:
    fault = workers._as_error({"code": code, "text": "no", "hint": "try", "where": "x"})
    assert type(fault) is kind
    assert (fault.text, fault.hint, fault.where) == ("no", "try", "x")


def test_before_there_is_a_model_a_request_is_told_to_come_again() -> None:
    pool = workers.Pool(Path("x"), 1, 1, Limits(), Counts())
    with pytest.raises(workers.Refused, match="not loaded yet") as refused:
        pool.check()
    assert refused.value.status == 503
