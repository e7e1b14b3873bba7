"""The dispatcher submits due rows, each to one thread at a time, and no kind of work waits for another."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime

import pytest

from engine.dispatcher import Dispatcher, Worker
from recordings.errors import LeaseLost, StorageUnavailable
from tests.fakes.rows import NOW, FakeClock, at

TIMEOUT = 60.0
"""Seconds after which a test gives up waiting for an event."""


class FakeWork:
    """Rows with the time when each is due. A row disappears after its step, unless `keeps_rows` is set."""

    def __init__(self, name: str, **rows: datetime) -> None:
        self.name = name
        self.rows = dict(rows)
        self.during_step: Callable[[str], None] = lambda key: None
        self.keeps_rows = False
        self.due_error: Exception | None = None
        self.scans = 0
        self.runs = Counter[str]()
        self.running = Counter[str]()
        self.most_at_once = 0
        self.epochs: list[int] = []
        self.changed = threading.Condition()

    def due(self) -> list[tuple[str, datetime]]:
        with self.changed:
            self.scans += 1
            self.changed.notify_all()
            if self.due_error is not None:
                raise self.due_error
            return sorted(self.rows.items(), key=lambda row: row[1])

    def run(self, key: str, epoch: int) -> None:
        with self.changed:
            self.runs[key] += 1
            self.running[key] += 1
            self.most_at_once = max(self.most_at_once, self.running[key])
            self.epochs.append(epoch)
            self.changed.notify_all()
        try:
            self.during_step(key)
        finally:
            with self.changed:
                self.running[key] -= 1
                if not self.keeps_rows:
                    self.rows.pop(key, None)
                self.changed.notify_all()

    def wait(self, condition: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(condition, TIMEOUT)

    def scanned(self, times: int, wake: Callable[[], None]) -> None:
        """Waits for this many further scans."""
        for _ in range(times):
            before = self.scans
            wake()
            self.wait(lambda: self.scans > before)  # noqa: B023 - called before the next round


class Bench:
    """Dispatchers on a clock that tests move."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.epoch: int | None = 7
        self.release = threading.Event()

    def hang(self, key: str) -> None:
        assert self.release.wait(TIMEOUT)

    @contextmanager
    def dispatching(
        self, *works: FakeWork, threads: int = 4, capacity: Callable[[], int] | None = None
    ) -> Iterator[Dispatcher]:
        pools = [ThreadPoolExecutor(threads) for _ in works]
        workers = [Worker(work, pool, capacity) for work, pool in zip(works, pools, strict=True)]
        dispatcher = Dispatcher(workers, lambda: self.epoch, self.clock)
        dispatcher.start()
        try:
            yield dispatcher
        finally:
            self.release.set()
            dispatcher.drain(TIMEOUT)
            for pool in pools:
                pool.shutdown()


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_due_rows_are_stepped_and_others_wait_for_their_time(bench: Bench) -> None:
    work = FakeWork("work", now=NOW, late=at(-60), later=at(60))
    with bench.dispatching(work) as dispatcher:
        work.wait(lambda: work.runs["now"] == work.runs["late"] == 1)
        work.scanned(3, dispatcher.wake)
        assert work.runs["later"] == 0

        bench.clock.passes(60)
        dispatcher.wake()
        work.wait(lambda: work.runs["later"] == 1)


def test_a_new_row_is_noticed_without_a_wake_up(bench: Bench) -> None:
    work = FakeWork("work")
    with bench.dispatching(work):
        work.wait(lambda: work.scans > 0)
        work.rows["new"] = NOW
        work.wait(lambda: work.runs["new"] == 1)


def test_two_threads_never_have_the_same_row(bench: Bench) -> None:
    work = FakeWork("work", slow=NOW)
    work.during_step = bench.hang
    with bench.dispatching(work) as dispatcher:
        work.wait(lambda: work.runs["slow"] == 1)
        work.scanned(10, dispatcher.wake)
        assert work.runs["slow"] == 1

    assert work.most_at_once == 1


def test_the_same_key_in_two_kinds_of_work_means_two_rows(bench: Bench) -> None:
    one, two = FakeWork("one", row=NOW), FakeWork("two", row=NOW)
    one.during_step = two.during_step = bench.hang
    with bench.dispatching(one, two):
        one.wait(lambda: one.runs["row"] == 1)
        two.wait(lambda: two.runs["row"] == 1)


def test_a_slow_kind_of_work_does_not_starve_another(bench: Bench) -> None:
    slow = FakeWork("slow", **{f"s{number}": NOW for number in range(20)})
    quick = FakeWork("quick", **{f"q{number}": NOW for number in range(20)})
    slow.during_step = bench.hang
    with bench.dispatching(slow, quick, threads=2) as dispatcher:
        quick.wait(lambda: quick.runs.total() == 20)
        quick.rows["another"] = NOW
        dispatcher.wake()
        quick.wait(lambda: quick.runs["another"] == 1)

        assert slow.runs.total() == 2


def test_a_worker_takes_no_more_rows_than_its_capacity(bench: Bench) -> None:
    work = FakeWork("work", **{f"r{number}": NOW for number in range(9)})
    work.during_step = bench.hang
    with bench.dispatching(work, capacity=lambda: 3 - work.running.total()) as dispatcher:
        work.wait(lambda: work.runs.total() == 3)
        work.scanned(5, dispatcher.wake)

        assert work.runs.total() == 3


def test_rows_beyond_the_capacity_count_as_poll_lag(bench: Bench) -> None:
    work = FakeWork("work", first=at(-30), second=at(-20), third=at(-10))
    work.during_step = bench.hang
    with bench.dispatching(work, capacity=lambda: 1 - work.running.total()) as dispatcher:
        work.wait(lambda: work.runs.total() == 1)
        work.scanned(2, dispatcher.wake)
        assert dispatcher.poll_lag >= 20


@pytest.mark.parametrize("error", [KeyError("a mistake"), StorageUnavailable("locked"), LeaseLost("epoch 7 is over")])
def test_a_failed_row_is_tried_again_only_after_a_while(bench: Bench, error: Exception) -> None:
    work = FakeWork("work", row=NOW)
    work.keeps_rows = True

    def fail(key: str) -> None:
        raise error

    work.during_step = fail
    with bench.dispatching(work) as dispatcher:
        work.wait(lambda: work.runs["row"] == 1 and work.running["row"] == 0)
        work.scanned(10, dispatcher.wake)
        assert work.runs["row"] == 1

        bench.clock.passes(2)
        dispatcher.wake()
        work.wait(lambda: work.runs["row"] == 2)


def test_a_failed_row_does_not_hold_up_the_others(bench: Bench) -> None:
    work = FakeWork("work", bad=NOW, good=NOW)

    def fail(key: str) -> None:
        if key == "bad":
            raise KeyError(key)

    work.during_step = fail
    with bench.dispatching(work):
        work.wait(lambda: work.runs["good"] == 1)


def test_unreadable_rows_hold_up_no_other_work(bench: Bench) -> None:
    broken, well = FakeWork("broken", row=NOW), FakeWork("well", row=NOW)
    broken.due_error = ValueError("a reason that only a later version knows")
    with bench.dispatching(broken, well) as dispatcher:
        well.wait(lambda: well.runs["row"] == 1)
        broken.scanned(2, dispatcher.wake)

        broken.due_error = None
        broken.wait(lambda: broken.runs["row"] == 1)


def test_work_continues_when_the_database_is_back(bench: Bench) -> None:
    work = FakeWork("work", row=NOW)
    work.due_error = StorageUnavailable("locked")
    with bench.dispatching(work) as dispatcher:
        work.scanned(3, dispatcher.wake)
        assert work.runs.total() == 0

        work.due_error = None
        work.wait(lambda: work.runs["row"] == 1)


def test_only_the_leader_works_and_in_its_epoch(bench: Bench) -> None:
    work = FakeWork("work", row=NOW)
    bench.epoch = None
    with bench.dispatching(work) as dispatcher:
        bench.epoch = 8
        dispatcher.wake()
        work.wait(lambda: work.runs["row"] == 1)

    assert work.epochs == [8]


def test_a_follower_reads_no_rows(bench: Bench) -> None:
    work = FakeWork("work", row=NOW)
    bench.epoch = None
    with bench.dispatching(work):
        pass

    assert (work.scans, work.runs.total()) == (0, 0)


def test_draining_waits_for_running_steps_and_submits_nothing_new(bench: Bench) -> None:
    work = FakeWork("work", slow=NOW)
    work.during_step = bench.hang
    with bench.dispatching(work) as dispatcher:
        work.wait(lambda: work.runs["slow"] == 1)
        drained = threading.Thread(target=dispatcher.drain, args=(TIMEOUT,))
        drained.start()
        assert dispatcher._stopping.wait(TIMEOUT)
        work.rows["new"] = NOW
        dispatcher.wake()
        bench.release.set()
        drained.join(TIMEOUT)

        assert not drained.is_alive()
        assert work.running.total() == 0
        assert work.runs["new"] == 0


def test_draining_ends_although_a_step_hangs(bench: Bench) -> None:
    work = FakeWork("work", hangs=NOW)
    work.during_step = bench.hang
    with bench.dispatching(work) as dispatcher:
        work.wait(lambda: work.runs["hangs"] == 1)
        dispatcher.drain(0.05)

        assert work.running["hangs"] == 1


def test_a_dispatcher_that_was_never_started_can_be_drained() -> None:
    Dispatcher([], lambda: 1, FakeClock()).drain(TIMEOUT)
