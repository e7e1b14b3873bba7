"""What goes wrong on request: per method, so many times or until cleared."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass, field
from typing import Any, Literal

from simulator.slack.network.http import Json, Response, json_response

Drop = Literal["before", "after"]


@dataclass(eq=False)
class Fault:
    """One rule. `method` is a Web API method, `response_url`, `socket` (the handshake) or `*` (all of the Web API)."""

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
    over: threading.Event = field(default_factory=threading.Event, repr=False)

    def clear(self) -> None:
        """From now on nothing is caught, and what hangs is let go (its connection is closed)."""
        self.over.set()

    def matches(self, method: str, arguments: Json) -> bool:
        if self.over.is_set() or (self.times is not None and self.hits >= self.times):
            return False
        if self.method != method and (self.method != "*" or "." not in method):
            return False
        return all(arguments.get(name) == value for name, value in self.where.items())

    def answer(self) -> Response | None:
        """The answer that is given instead of processing, if any."""
        if self.retry_after is not None:
            headers = {"Retry-After": f"{self.retry_after:g}"}
            return json_response({"ok": False, "error": self.error or "ratelimited"}, self.status or 429, headers)
        if self.error is not None:
            return json_response({"ok": False, "error": self.error, **self.extra}, self.status or 200)
        if self.status is not None:
            return Response(self.status, b"<html>simulated failure</html>", "text/html")
        return None

    def as_json(self) -> Json:
        shown = {name: value for name, value in vars(self).items() if name != "over"}
        return {**shown, "cleared": self.over.is_set()}


class Faults:
    """The rules in force; the first that matches counts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self.rules: list[Fault] = []

    def add(self, method: str, **facts: Any) -> Fault:
        """Add a rule; keywords are the fields of `Fault`."""
        fault = Fault(id=next(self._ids), method=method, **facts)
        with self._lock:
            self.rules.append(fault)
        return fault

    def clear(self) -> None:
        with self._lock:
            for fault in self.rules:
                fault.clear()
            self.rules.clear()

    def take(self, method: str, arguments: Json) -> Fault | None:
        """The rule for this call, counted as used."""
        with self._lock:
            fault = next((rule for rule in self.rules if rule.matches(method, arguments)), None)
            if fault:
                fault.hits += 1
            return fault
