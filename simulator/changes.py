"""The lock of a simulator, and the one place where every change of its state is announced."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeVar

_TICK = 0.05
"""Longest pause of a wait: a predicate may depend on the time, or on things outside the simulator."""
T = TypeVar("T")


@dataclass(frozen=True)
class Change:
    """What changed."""

    kind: str
    """`recorder`, `channel`, `request`, `message`, …"""
    subject: str = ""
    """Which one: a sid, a channel's name, an id; empty if there is only one."""


Observer = Callable[[Change], None]


class Changes:
    """A re-entrant lock (`with changes:`) that announces changes to observers and wakes those who wait for one.

    Observers run in the thread that made the change, with the lock held: they must be quick and must not wait.
    """

    def __init__(self) -> None:
        self.condition = threading.Condition(threading.RLock())
        self._observers: list[Observer] = []
        self._count = 0

    def __enter__(self) -> Self:
        self.condition.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.condition.release()

    def subscribe(self, observer: Observer) -> Callable[[], None]:
        """Call the observer with each change from now on; the result ends that."""
        with self:
            self._observers.append(observer)

        def unsubscribe() -> None:
            with self:
                self._observers = [each for each in self._observers if each is not observer]

        return unsubscribe

    def announce(self, kind: str, subject: str = "") -> None:
        """Something has changed."""
        change = Change(kind, subject)
        with self:
            self._count += 1
            for observer in list(self._observers):
                observer(change)
            self.condition.notify_all()

    def wait_for(self, predicate: Callable[[], T], timeout: float, what: str = "") -> T:
        """Wait, in real time, until the predicate is true; return its value, or raise TimeoutError.

        Each change wakes the caller at once. The predicate runs without the lock: it may make requests.
        """
        deadline = time.monotonic() + timeout
        while True:
            seen = self._count
            if value := predicate():
                return value
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"did not happen within {timeout} s: {what or 'the awaited change'}")
            with self:
                if seen == self._count:
                    self.condition.wait(min(left, _TICK))
