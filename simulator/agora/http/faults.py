"""Faults on demand: other answers, delays, lost requests, lost answers, requests that hang."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from simulator.agora.http.answers import ANSWERS, Answer
from simulator.agora.http.routes import OPERATIONS, UNKNOWN

SIDES = ("request", "answer")


class FaultOptions(TypedDict, total=False):
    """What a fault does, and to which requests."""

    answer: str | Answer | None
    """A name of ANSWERS or an Answer, instead of Agora's own; the request is then carried out only with `processed`."""
    status: int | None
    """With `body` and `headers`: an answer made of these."""
    body: object
    headers: dict[str, str] | None
    processed: bool
    """With an answer: whether the request is carried out all the same."""
    delay: float
    """Seconds before the request is carried out."""
    delay_after: float
    """Seconds between that and the answer."""
    lost: str | None
    """`request`: the connection is closed and nothing done. `answer`: the same after the request is carried out."""
    hang: str | None
    """As `lost`, but the connection stays open and silent until the fault is cleared."""
    times: int | None
    """Number of requests (1); None: until cleared."""
    skip: int
    """Number of matching requests that pass untouched before."""
    channel: str | None
    sid: str | None
    uid: str | int | None
    base: int | None


@dataclass
class Fault:
    """A fault, and how often it was met. The fields are those of FaultOptions."""

    number: int
    operation: str = "*"
    channel: str | None = None
    sid: str | None = None
    uid: str | None = None
    base: int | None = None
    times: int | None = 1
    skip: int = 0
    answer: Answer | None = None
    processed: bool = False
    delay: float = 0.0
    delay_after: float = 0.0
    lost: str | None = None
    hang: str | None = None
    hits: int = 0
    cleared: bool = False

    def __post_init__(self) -> None:
        if self.operation not in ("*", UNKNOWN, *OPERATIONS):
            raise ValueError(f"operation must be * or one of {OPERATIONS}")
        for side in (self.lost, self.hang):
            if side not in (None, *SIDES):
                raise ValueError(f"lost and hang are one of {SIDES}")

    @property
    def carries_out(self) -> bool:
        """Whether Agora carries the request out."""
        side = self.lost or self.hang
        return side == "answer" if side else self.answer is None or self.processed

    @property
    def spent(self) -> bool:
        """Whether it affects no more requests."""
        return self.cleared or (self.times is not None and self.hits >= self.times)

    def matches(self, operation: str, wanted: dict[str, object]) -> bool:
        """Whether it is for such a request."""
        if self.operation not in ("*", operation):
            return False
        return all(getattr(self, name) in (None, value) for name, value in wanted.items())


class Faults:
    """Every fault, the oldest first."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, operation: str, options: FaultOptions) -> Fault:
        """A new fault, after the existing ones."""
        effect = {name: value for name, value in options.items() if name not in ("status", "body", "headers")}
        effect["answer"] = _answer(options)
        if options.get("uid") is not None:
            effect["uid"] = str(options["uid"])
        fault = Fault(len(self._faults) + 1, operation, **effect)  # type: ignore[arg-type] # typed by FaultOptions
        self._faults.append(fault)
        return fault

    def take(self, operation: str, **wanted: object) -> Fault | None:
        """The fault for this request; it is counted."""
        for fault in self._faults:
            if fault.spent or not fault.matches(operation, wanted):
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            fault.hits += 1
            return fault
        return None

    def clear(self, number: int | None = None) -> None:
        """End one, or all; the connections of requests that hang are closed."""
        for fault in self._faults:
            if number in (None, fault.number):
                fault.cleared = True

    def all(self) -> list[Fault]:
        """Every fault ever added."""
        return list(self._faults)


def _answer(options: FaultOptions) -> Answer | None:
    """The answer by its name in ANSWERS, or made of status and body."""
    answer, status, headers = options.get("answer"), options.get("status"), options.get("headers")
    if status is not None:
        body = options.get("body")
        return Answer(status, {} if body is None else body, headers or {})
    known = ANSWERS[answer] if isinstance(answer, str) else answer
    return Answer(known.status, known.body, headers, known.wait) if known and headers else known
