"""Signals: noted where work must not be torn, raised elsewhere, and handlers put back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from striate.training.stopping import Stopped, Stopping


def test_in_a_graceful_block_a_signal_is_noted_and_raised_at_its_end() -> None:
    stop, seen = Stopping(), []
    with stop.listening(), pytest.raises(Stopped) as caught, stop.gracefully():
        os.kill(os.getpid(), signal.SIGTERM)
        seen.append(stop())
    assert seen == [True]
    assert caught.value.exit_code == 143


def test_elsewhere_it_ends_what_runs_at_once() -> None:
    with Stopping().listening(), pytest.raises(Stopped) as caught:
        os.kill(os.getpid(), signal.SIGINT)
        pytest.fail("the signal was not heard")
    assert caught.value.exit_code == 130


def test_handlers_are_put_back() -> None:
    before = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    with Stopping().listening():
        assert signal.getsignal(signal.SIGTERM) != before[1]
    assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)] == before


def test_the_second_signal_ends_the_program_at_once() -> None:
    code = (
        "import os, signal, sys, time\n"
        "from striate.training.stopping import Stopping\n"
        "stop = Stopping()\n"
        "with stop.listening(), stop.gracefully():\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    print('noted', flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    time.sleep(60)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=50)
    assert (done.stdout, done.returncode) == ("noted\n", 143)


def test_no_handler_of_faults_takes_it_for_one() -> None:
    assert not issubclass(Stopped, Exception)


def test_a_fault_that_c_code_makes_of_a_signal_counts_as_the_signal() -> None:
    stop = Stopping()
    with pytest.raises(Stopped) as found, stop.listening():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            signal.sigtimedwait([], 0)
        except Stopped:
            raise ImportError("initialization failed") from None
    assert found.value.exit_code == 143
    assert isinstance(found.value.__cause__, ImportError)


def test_a_fault_without_a_signal_stays_what_it_is() -> None:
    with pytest.raises(KeyError), Stopping().listening():
        raise KeyError
