"""Changes: the lock, the observers, and waiting."""

from __future__ import annotations

import threading
import time

import pytest

from simulator.changes import Change, Changes
from simulator.clock import ManualClock, SystemClock


def test_an_observer_sees_every_change_until_it_unsubscribes() -> None:
    changes, seen = Changes(), list[Change]()
    unsubscribe = changes.subscribe(seen.append)
    changes.announce("recorder", "sid")
    unsubscribe()
    unsubscribe()
    changes.announce("recorder", "other")
    assert seen == [Change("recorder", "sid")]


def test_a_change_wakes_a_waiting_thread_at_once() -> None:
    changes, waiting, values = Changes(), threading.Event(), list[int]()

    def predicate() -> bool:
        waiting.set()
        return bool(values)

    def change() -> None:
        waiting.wait(5)
        with changes:
            values.append(1)
            changes.announce("value")

    thread = threading.Thread(target=change)
    thread.start()
    assert changes.wait_for(predicate, timeout=5)
    thread.join()


def test_a_wait_sees_what_changes_without_an_announcement() -> None:
    ends = time.monotonic() + 0.06
    assert Changes().wait_for(lambda: time.monotonic() >= ends, timeout=5)


def test_a_wait_ends_with_a_timeout_that_names_what_did_not_happen() -> None:
    with pytest.raises(TimeoutError, match="a recorder"):
        Changes().wait_for(lambda: False, timeout=0.01, what="a recorder")


def test_a_sleep_ends_early_or_advances_a_manual_clock() -> None:
    changes, clock = Changes(), ManualClock()
    SystemClock().sleep(5, lambda: True, changes.condition)
    clock.sleep(5, lambda: False, changes.condition)
    clock.sleep(7, lambda: True, changes.condition)
    clock.sleep(None, lambda: False, changes.condition)
    assert clock.monotonic() == 5
