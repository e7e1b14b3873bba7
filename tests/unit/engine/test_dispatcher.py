"""Rows that are due are handed out, each to one thread at a time, and no kind of work waits for another."""

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

LONG = 10.0
"""Seconds after which a test gives up waiting; nothing takes that long."""


class FakeWork:
    """Rows with the time when each is due. A row that was done is gone, unless it is kept."""

    def __init__(self, name: str, **rows: datetime) -> None:
        self.name = name
        self.rows = dict(rows)
        self.doing: Callable[[str], None] = lambda key: None
        self.keeps = False
        self.problem: Exception | None = None
        self.checks = 0
        self.runs = Counter[str]()
        self.at_once = Counter[str]()
        self.most_at_once = 0
        self.epochs: list[int] = []
        self.changed = threading.Condition()

    def due(self) -> list[tuple[str, datetime]]:
        with self.changed:
            self.checks += 1
            self.changed.notify_all()
            if self.problem is not None:
                raise self.problem
            return sorted(self.rows.items(), key=lambda row: row[1])

    def run(self, key: str, epoch: int) -> None:
        with self.changed:
            self.runs[key] += 1
            self.at_once[key] += 1
            self.most_at_once = max(self.most_at_once, self.at_once[key])
            self.epochs.append(epoch)
            self.changed.notify_all()
        try:
            self.doing(key)
        finally:
            with self.changed:
                self.at_once[key] -= 1
                if not self.keeps:
                    self.rows.pop(key, None)
                self.changed.notify_all()

    def wait(self, what: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(what, LONG)

    def looked(self, more: int, wake: Callable[[], None]) -> None:
        """Until the rows were looked at so many more times."""
        for _ in range(more):
            seen = self.checks
            wake()
            self.wait(lambda: self.checks > seen)  # noqa: B023 - waited for here and now


class Desk:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.epoch: int | None = 7
        self.release = threading.Event()

    def hang(self, key: str) -> None:
        assert self.release.wait(LONG)

    @contextmanager
    def dispatching(
        self, *works: FakeWork, threads: int = 4, room: Callable[[], int] | None = None
    ) -> Iterator[Dispatcher]:
        pools = [ThreadPoolExecutor(threads) for _ in works]
        lanes = [Worker(work, pool, room) for work, pool in zip(works, pools, strict=True)]
        dispatcher = Dispatcher(lanes, lambda: self.epoch, self.clock)
        dispatcher.start()
        try:
            yield dispatcher
        finally:
            self.release.set()
            dispatcher.drain(LONG)
            for pool in pools:
                pool.shutdown()


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_what_is_due_is_done_and_what_is_not_waits_for_its_time(desk: Desk) -> None:
    work = FakeWork("work", now=NOW, late=at(-60), later=at(60))
    with desk.dispatching(work) as dispatcher:
        work.wait(lambda: work.runs["now"] == work.runs["late"] == 1)
        work.looked(3, dispatcher.wake)
        assert work.runs["later"] == 0

        desk.clock.passes(60)
        dispatcher.wake()
        work.wait(lambda: work.runs["later"] == 1)


def test_a_row_that_comes_up_later_is_seen_without_being_woken(desk: Desk) -> None:
    work = FakeWork("work")
    with desk.dispatching(work):
        work.wait(lambda: work.checks > 0)
        work.rows["new"] = NOW
        work.wait(lambda: work.runs["new"] == 1)


def test_the_same_row_is_never_in_two_hands(desk: Desk) -> None:
    work = FakeWork("work", slow=NOW)
    work.doing = desk.hang
    with desk.dispatching(work) as dispatcher:
        work.wait(lambda: work.runs["slow"] == 1)
        work.looked(10, dispatcher.wake)
        assert work.runs["slow"] == 1

    assert work.most_at_once == 1


def test_rows_of_the_same_key_in_two_kinds_of_work_are_two_rows(desk: Desk) -> None:
    one, two = FakeWork("one", row=NOW), FakeWork("two", row=NOW)
    one.doing = two.doing = desk.hang
    with desk.dispatching(one, two):
        one.wait(lambda: one.runs["row"] == 1)
        two.wait(lambda: two.runs["row"] == 1)


def test_one_slow_kind_of_work_does_not_starve_another(desk: Desk) -> None:
    slow = FakeWork("slow", **{f"s{number}": NOW for number in range(20)})
    quick = FakeWork("quick", **{f"q{number}": NOW for number in range(20)})
    slow.doing = desk.hang
    with desk.dispatching(slow, quick, threads=2) as dispatcher:
        quick.wait(lambda: quick.runs.total() == 20)
        quick.rows["another"] = NOW
        dispatcher.wake()
        quick.wait(lambda: quick.runs["another"] == 1)

        assert slow.runs.total() == 2


def test_a_lane_takes_no_more_rows_than_there_is_room_for(desk: Desk) -> None:
    work = FakeWork("work", **{f"r{number}": NOW for number in range(9)})
    work.doing = desk.hang
    with desk.dispatching(work, room=lambda: 3 - work.at_once.total()) as dispatcher:
        work.wait(lambda: work.runs.total() == 3)
        work.looked(5, dispatcher.wake)

        assert work.runs.total() == 3


@pytest.mark.parametrize("error", [KeyError("a mistake"), StorageUnavailable("locked"), LeaseLost("epoch 7 is over")])
def test_a_row_that_fails_is_not_tried_in_a_hot_loop_but_again_a_little_later(desk: Desk, error: Exception) -> None:
    work = FakeWork("work", row=NOW)
    work.keeps = True

    def fail(key: str) -> None:
        raise error

    work.doing = fail
    with desk.dispatching(work) as dispatcher:
        work.wait(lambda: work.runs["row"] == 1 and work.at_once["row"] == 0)
        work.looked(10, dispatcher.wake)
        assert work.runs["row"] == 1

        desk.clock.passes(2)
        dispatcher.wake()
        work.wait(lambda: work.runs["row"] == 2)


def test_a_row_that_fails_does_not_hold_up_the_others(desk: Desk) -> None:
    work = FakeWork("work", bad=NOW, good=NOW)

    def fail(key: str) -> None:
        if key == "bad":
            raise KeyError(key)

    work.doing = fail
    with desk.dispatching(work):
        work.wait(lambda: work.runs["good"] == 1)


def test_rows_that_cannot_be_read_hold_up_no_other_work(desk: Desk) -> None:
    broken, well = FakeWork("broken", row=NOW), FakeWork("well", row=NOW)
    broken.problem = ValueError("a reason that only a later version knows")
    with desk.dispatching(broken, well) as dispatcher:
        well.wait(lambda: well.runs["row"] == 1)
        broken.looked(2, dispatcher.wake)

        broken.problem = None
        broken.wait(lambda: broken.runs["row"] == 1)


def test_after_the_database_was_away_everything_goes_on(desk: Desk) -> None:
    work = FakeWork("work", row=NOW)
    work.problem = StorageUnavailable("locked")
    with desk.dispatching(work) as dispatcher:
        work.looked(3, dispatcher.wake)
        assert work.runs.total() == 0

        work.problem = None
        work.wait(lambda: work.runs["row"] == 1)


def test_only_the_leader_works_and_in_its_epoch(desk: Desk) -> None:
    work = FakeWork("work", row=NOW)
    desk.epoch = None
    with desk.dispatching(work) as dispatcher:
        desk.epoch = 8
        dispatcher.wake()
        work.wait(lambda: work.runs["row"] == 1)

    assert work.epochs == [8]


def test_a_replica_that_follows_does_not_look_at_rows(desk: Desk) -> None:
    work = FakeWork("work", row=NOW)
    desk.epoch = None
    with desk.dispatching(work):
        pass

    assert (work.checks, work.runs.total()) == (0, 0)


def test_draining_waits_for_what_is_in_hand_and_takes_nothing_new(desk: Desk) -> None:
    work = FakeWork("work", slow=NOW)
    work.doing = desk.hang
    with desk.dispatching(work) as dispatcher:
        work.wait(lambda: work.runs["slow"] == 1)
        drained = threading.Thread(target=dispatcher.drain, args=(LONG,))
        drained.start()
        work.rows["new"] = NOW
        dispatcher.wake()
        desk.release.set()
        drained.join(LONG)

        assert not drained.is_alive()
        assert work.at_once.total() == 0
        assert work.runs["new"] == 0


def test_draining_does_not_wait_for_ever(desk: Desk) -> None:
    work = FakeWork("work", hangs=NOW)
    work.doing = desk.hang
    with desk.dispatching(work) as dispatcher:
        work.wait(lambda: work.runs["hangs"] == 1)
        dispatcher.drain(0.05)

        assert work.at_once["hangs"] == 1


def test_one_that_was_never_started_can_be_drained() -> None:
    Dispatcher([], lambda: 1, FakeClock()).drain(LONG)
