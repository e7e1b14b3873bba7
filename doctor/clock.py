"""This machine's clock, against the `Date` of answers: tokens and signatures are good for minutes of it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from doctor.results import CheckResult, note, right, wrong
from recordings.ports import Clock

ALLOWED = timedelta(seconds=30)
AGORA, SLACK = "Agora", "Slack"


class ClockSkew:
    """How far this clock is ahead of the clocks of those who answered. Threads may share it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._ahead: dict[str, timedelta] = {}

    def answer(self, who: str, headers: Mapping[str, Any]) -> None:
        """An answer that came just now."""
        date = _date(headers)
        if date is not None:
            with self._lock:
                self._ahead[who] = self._clock.now() - date

    def ahead(self) -> dict[str, timedelta]:
        """By who answered; whose answer had no date is left out."""
        with self._lock:
            return dict(self._ahead)

    def forget(self) -> None:
        with self._lock:
            self._ahead.clear()


def header(headers: Mapping[str, Any], name: str) -> str:
    """A header, however it is spelt and given; empty where there is none."""
    for key, value in dict(headers).items():
        if key.lower() == name:
            return ",".join(value) if isinstance(value, list) else str(value)
    return ""


def clock_line(ahead: Mapping[str, timedelta]) -> CheckResult:
    """Whether tokens and signatures that this machine makes are good where they go."""
    off = {who: by for who, by in ahead.items() if abs(by) > ALLOWED}
    if off:
        worst = max(off.values(), key=abs)
        side = "ahead of" if worst > timedelta(0) else "behind"
        todo = "Tokens and signatures are refused then: set this machine's clock (NTP)."
        return wrong("clock", f"is {_length(abs(worst))} {side} {_theirs(off)} clock. {todo}")
    if not ahead:
        return note("clock", "not known: no answer of Slack or Agora had a Date header")
    silent = [who for who in (SLACK, AGORA) if who not in ahead]
    untold = f"; not compared with {_theirs(silent)}: no Date header" if silent else ""
    return right("clock", f"agrees with {_theirs(ahead)}{untold}")


def _date(headers: Mapping[str, Any]) -> datetime | None:
    try:
        date = parsedate_to_datetime(header(headers, "date"))
    except ValueError:
        return None
    return date.replace(tzinfo=date.tzinfo or UTC)


def _theirs(who: Mapping[str, timedelta] | list[str]) -> str:
    return " and ".join(f"{name}'s" for name in sorted(who, reverse=True))


def _length(span: timedelta) -> str:
    seconds = round(span.total_seconds())
    if seconds >= 2 * 86_400:
        return f"{seconds // 86_400} days"
    if seconds >= 3600:
        return f"{seconds // 3600} h {seconds % 3600 // 60} min"
    return f"{seconds // 60} min {seconds % 60} s" if seconds >= 60 else f"{seconds} s"
