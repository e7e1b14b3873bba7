"""Faults on demand: answers, delays, lost requests, lost answers, silence."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from simulator.agora.http.answers import ANSWERS, Answer
from simulator.agora.http.routes import OPERATIONS, UNKNOWN

SIDES = ("request", "answer")


@dataclass
class Fault:
    """What happens to the next requests that it fits."""

    number: int
    operation: str = "*"
    channel: str | None = None
    sid: str | None = None
    uid: str | None = None
    base: int | None = None
    times: int | None = 1
    """How many requests; None: until cleared."""
    skip: int = 0
    """How many fitting requests pass untouched before."""
    answer: Answer | None = None
    processed: bool = False
    """With an answer: whether the request is carried out all the same."""
    delay: float = 0.0
    delay_after: float = 0.0
    lost: str | None = None
    hang: str | None = None
    hits: int = 0
    cleared: threading.Event = field(default_factory=threading.Event, repr=False)

    def __post_init__(self) -> None:
        if self.operation not in ("*", UNKNOWN, *OPERATIONS):
            raise ValueError(f"operation must be * or one of {OPERATIONS}")
        for side in (self.lost, self.hang):
            if side not in (None, *SIDES):
                raise ValueError(f"lost and hang are one of {SIDES}")

    @property
    def carries_out(self) -> bool:
        """Whether Agora does what was asked."""
        side = self.lost or self.hang
        return side == "answer" if side else self.answer is None or self.processed

    @property
    def spent(self) -> bool:
        """Whether it has done its work."""
        return self.cleared.is_set() or (self.times is not None and self.hits >= self.times)

    def fits(self, operation: str, wanted: dict[str, object]) -> bool:
        """Whether it is about such a request."""
        if self.operation not in ("*", operation):
            return False
        return all(getattr(self, name) in (None, value) for name, value in wanted.items())


class Faults:
    """The faults in force, the oldest first."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._made = 0

    def add(self, **fields: object) -> Fault:
        """A new one, after those there are."""
        fault = Fault(self._made + 1, **fields)  # type: ignore[arg-type] # the simulator's own method is typed
        self._made += 1
        self._faults.append(fault)
        return fault

    def take(self, operation: str, **wanted: object) -> Fault | None:
        """The fault for this request, counted."""
        for fault in self._faults:
            if fault.spent or not fault.fits(operation, wanted):
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            fault.hits += 1
            return fault
        return None

    def clear(self, number: int | None = None) -> None:
        """End one, or all; what hangs on it is let go (its connection is closed)."""
        for fault in self._faults:
            if number in (None, fault.number):
                fault.cleared.set()

    def all(self) -> list[Fault]:
        """Those that were ever made."""
        return list(self._faults)


def make_answer(
    answer: str | Answer | None, status: int | None, body: object, headers: dict[str, str] | None
) -> Answer | None:
    """An answer by its name in ANSWERS, or made of status and body."""
    if status is not None:
        return Answer(status, {} if body is None else body, headers or {})
    found = ANSWERS[answer] if isinstance(answer, str) else answer
    return Answer(found.status, found.body, headers, found.wait) if found and headers else found
