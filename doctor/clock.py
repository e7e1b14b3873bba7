"""This machine's clock, compared with the `Date` header of responses: tokens and signatures depend on it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from doctor.results import CheckResult, failed, note, passed
from recordings.ports import Clock

ALLOWED = timedelta(seconds=30)
AGORA, SLACK = "Agora", "Slack"


class ClockSkew:
    """How far this clock is ahead of the servers' clocks. Threads may share it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._ahead: dict[str, timedelta] = {}

    def answer(self, server: str, headers: Mapping[str, Any]) -> None:
        """Takes the headers of a response that has just arrived."""
        date = _date(headers)
        if date is not None:
            with self._lock:
                self._ahead[server] = self._clock.now() - date

    def ahead(self) -> dict[str, timedelta]:
        """By server, without those whose responses had no date."""
        with self._lock:
            return dict(self._ahead)

    def forget(self) -> None:
        with self._lock:
            self._ahead.clear()


def header(headers: Mapping[str, Any], name: str) -> str:
    """A header by its lower-case name, empty if it is missing. A value may be a list, as in Slack's client."""
    for key, value in dict(headers).items():
        if key.lower() == name:
            return ",".join(value) if isinstance(value, list) else str(value)
    return ""


def check_clock(ahead: Mapping[str, timedelta]) -> CheckResult:
    """Whether Slack and Agora accept tokens and signatures that this machine makes."""
    off = {server: skew for server, skew in ahead.items() if abs(skew) > ALLOWED}
    if off:
        worst = max(off.values(), key=abs)
        side = "ahead of" if worst > timedelta(0) else "behind"
        next_step = "Tokens and signatures are refused then: set this machine's clock (NTP)."
        return failed("clock", f"is {_length(abs(worst))} {side} {_possessive(off)} clock", next_step, setting="")
    if not ahead:
        return note("clock", "not known: no answer of Slack or Agora had a Date header")
    undated = [server for server in (SLACK, AGORA) if server not in ahead]
    missing = f"; not compared with {_possessive(undated)}: no Date header" if undated else ""
    return passed("clock", f"agrees with {_possessive(ahead)}{missing}")


def _date(headers: Mapping[str, Any]) -> datetime | None:
    try:
        date = parsedate_to_datetime(header(headers, "date"))
    except ValueError:
        return None
    return date.replace(tzinfo=date.tzinfo or UTC)


def _possessive(servers: Mapping[str, timedelta] | list[str]) -> str:
    return " and ".join(f"{server}'s" for server in sorted(servers, reverse=True))


def _length(span: timedelta) -> str:
    seconds = round(span.total_seconds())
    if seconds >= 2 * 86_400:
        return f"{seconds // 86_400} days"
    if seconds >= 3600:
        return f"{seconds // 3600} h {seconds % 3600 // 60} min"
    return f"{seconds // 60} min {seconds % 60} s" if seconds >= 60 else f"{seconds} s"
