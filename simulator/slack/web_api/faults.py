"""Faults on demand, by method."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Literal, TypedDict, Unpack

from simulator.changes import Changes
from simulator.slack.http import Json, Response, json_response

Drop = Literal["before", "after"]


class FaultOptions(TypedDict, total=False):
    """What a fault does, and to which calls."""

    error: str | None
    """`ok: false` with this error."""
    status: int | None
    """HTTP status; without an error the body is a page."""
    retry_after: float | None
    """429 with this Retry-After."""
    delay: float
    """Seconds before the call is processed."""
    delay_after: float
    """Seconds between that and the answer."""
    drop: Drop | None
    """Close the connection before or after the call is processed."""
    hang: bool
    """No answer until the fault is cleared."""
    times: int | None
    """Number of calls; None: until cleared."""
    where: Json
    """Only calls with these arguments."""
    extra: Json
    """More fields of an answer with an error."""


@dataclass(eq=False)
class Fault:
    """A fault, and how often it was met.

    `method` is a Web API method, `response_url`, `socket` (the handshake) or `*` (all of the Web API). The other
    fields are those of FaultOptions.
    """

    id: int
    method: str
    error: str | None = None
    status: int | None = None
    retry_after: float | None = None
    delay: float = 0.0
    delay_after: float = 0.0
    drop: Drop | None = None
    hang: bool = False
    times: int | None = None
    where: Json = field(default_factory=dict)
    extra: Json = field(default_factory=dict)
    hits: int = 0
    cleared: bool = False

    def matches(self, method: str, arguments: Json) -> bool:
        if self.cleared or (self.times is not None and self.hits >= self.times):
            return False
        if self.method != method and (self.method != "*" or "." not in method):
            return False
        return all(arguments.get(name) == value for name, value in self.where.items())

    def answer(self) -> Response | None:
        """The answer instead of Slack's own, if any."""
        if self.retry_after is not None:
            headers = {"Retry-After": f"{self.retry_after:g}"}
            return json_response({"ok": False, "error": self.error or "ratelimited"}, self.status or 429, headers)
        if self.error is not None:
            return json_response({"ok": False, "error": self.error, **self.extra}, self.status or 200)
        if self.status is not None:
            return Response(self.status, b"<html>simulated failure</html>", "text/html")
        return None

    def as_json(self) -> Json:
        return dict(vars(self))


class Faults:
    """The faults in force; the first that matches counts."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._ids = itertools.count(1)
        self.rules: list[Fault] = []

    def add(self, method: str, **options: Unpack[FaultOptions]) -> Fault:
        """Add a fault."""
        fault = Fault(id=next(self._ids), method=method, **options)
        with self._changes:
            self.rules.append(fault)
            self._changes.announce("fault", str(fault.id))
        return fault

    def clear(self, fault: Fault | None = None) -> None:
        """End one fault, or all; the connections of calls that hang are closed."""
        with self._changes:
            for rule in list(self.rules):
                if fault in (None, rule):
                    rule.cleared = True
                    self.rules.remove(rule)
            self._changes.announce("fault")

    def take(self, method: str, arguments: Json) -> Fault | None:
        """The fault for this call; it is counted."""
        with self._changes:
            fault = next((rule for rule in self.rules if rule.matches(method, arguments)), None)
            if fault:
                fault.hits += 1
                self._changes.announce("fault", str(fault.id))
            return fault
