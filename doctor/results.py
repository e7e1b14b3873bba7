"""A line of `bot.py check`: what was looked at, whether it is right, what was found or what to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """`note`: it is no fault, and worth reading all the same."""

    what: str
    ok: bool
    found: str
    note: bool = False

    def __str__(self) -> str:
        found = f"note: {self.found}" if self.note else self.found
        return f"{'ok  ' if self.ok else 'FAIL'}  {self.what:<17} {' '.join(found.split())}"


def right(what: str, found: str) -> Line:
    return Line(what, True, found)


def wrong(what: str, found: str) -> Line:
    return Line(what, False, found)


def note(what: str, found: str) -> Line:
    return Line(what, True, found, note=True)


def not_looked_at(what: str, first: str) -> Line:
    """Nothing can be known of it before another line is right."""
    return note(what, f"not looked at: see {first}")


def report_settings(lines: Sequence[str]) -> int:
    """Prints what is wrong with the settings, a line each; nothing else can be looked at then."""
    return report([wrong("settings", line) for line in lines])


def report(lines: Iterable[Line]) -> int:
    """Prints the lines as they come; 0 where every one is right, else 1."""
    faults = 0
    for line in lines:
        print(line, flush=True)  # noqa: T201 - this is what a person at a terminal reads
        faults += not line.ok
    return 1 if faults else 0
