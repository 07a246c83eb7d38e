"""Many at once: bounded in number and bytes, the first failure ends it."""

import subprocess
import sys
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from static_releases.core import transfers


class Gauge:
    """Counts how many run at once, and how much they weigh together."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.count = self.weight = self.most = self.heaviest = 0

    def __call__(self, weight: int) -> int:
        with self.lock:
            self.count += 1
            self.weight += weight
            self.most = max(self.most, self.count)
            self.heaviest = max(self.heaviest, self.weight)
        time.sleep(0.0005)
        with self.lock:
            self.count -= 1
            self.weight -= weight
        return weight


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 50), max_size=40), st.integers(1, 8), st.integers(10, 60))
def test_everything_is_done_once_and_within_its_bounds(
    weights: list[int], in_flight: int, max_bytes: int
) -> None:
    gauge = Gauge()
    done = transfers.run(
        gauge, weights, in_flight=in_flight, weight_bytes=lambda w: w, max_bytes=max_bytes
    )
    assert sorted(done) == sorted(weights)
    assert gauge.most <= in_flight
    assert gauge.heaviest <= max(max_bytes, *weights, 0)


def test_the_first_failure_is_raised_and_nothing_more_is_started() -> None:
    started: list[int] = []

    def work(number: int) -> int:
        started.append(number)
        if number == 3:
            raise ValueError("three")
        return number

    with pytest.raises(ValueError, match="three"):
        list(transfers.run(work, range(1000), in_flight=2))
    assert len(started) < 20


def test_a_consumer_that_stops_leaves_no_thread() -> None:
    before = threading.active_count()
    for _ in transfers.run(lambda n: n, range(100), in_flight=4):
        break
    assert threading.active_count() == before


def test_ctrl_c_while_a_thread_is_being_started_is_only_ctrl_c(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Thread(threading.Thread):
        started = 0

        def start(self) -> None:
            Thread.started += 1
            if Thread.started == 3:
                raise KeyboardInterrupt
            super().start()

    monkeypatch.setattr(transfers, "Thread", Thread)
    with pytest.raises(KeyboardInterrupt):
        list(transfers.run(lambda _: time.sleep(0.2), range(9), in_flight=9))


def test_a_count_is_told_of_each_that_is_done() -> None:
    told: list[tuple[int, int]] = []
    done = transfers.counted(lambda n: n, range(5), lambda *counts: told.append(counts))
    assert sorted(done) == [0, 1, 2, 3, 4]
    assert told == [(n, 5) for n in range(1, 6)]


INTERRUPTED = """
import os, signal, threading, time
from static_releases.core import transfers

def hang(number):
    if number == 9:
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
    time.sleep(600)

try:
    list(transfers.run(hang, range(10), in_flight=10))
except KeyboardInterrupt:
    print("interrupted")
"""


def test_what_hangs_keeps_nobody_who_presses_ctrl_c() -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "interrupted\n"
