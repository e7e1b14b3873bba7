"""A line of `bot.py check`: what was looked at, whether it is right, what was found or what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TypeVar

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class CheckResult:
    """`note`: it is no fault, and worth reading all the same."""

    check: str
    ok: bool
    detail: str
    note: bool = False

    def __str__(self) -> str:
        found = f"note: {self.detail}" if self.note else self.detail
        return f"{'ok  ' if self.ok else 'FAIL'}  {self.check:<17} {' '.join(found.split())}"


def right(what: str, found: str) -> CheckResult:
    return CheckResult(what, True, found)


def wrong(what: str, found: str) -> CheckResult:
    return CheckResult(what, False, found)


def note(what: str, found: str) -> CheckResult:
    return CheckResult(what, True, found, note=True)


def not_looked_at(what: str, first: str) -> CheckResult:
    """Nothing can be known of it before another line is right."""
    return note(what, f"not looked at: see {first}")


def report_settings(lines: Sequence[str]) -> int:
    """Prints what is wrong with the settings, a line each; nothing else can be looked at then."""
    return report([wrong("settings", line) for line in lines])


def report(lines: Iterable[CheckResult]) -> int:
    """Prints the lines as they come; 0 where every one is right, else 1."""
    faults = 0
    for line in lines:
        print(line, flush=True)  # noqa: T201 - this is what a person at a terminal reads
        faults += not line.ok
    return 1 if faults else 0


def run_together(calls: Sequence[Callable[[], _T]], seconds: float) -> list[_T | None]:
    """What each call returns, in their order; None where it takes longer. What one of them raises is raised here.

    A call that is late goes on in its thread: looking up a host's name, for one, can't be interrupted.
    """
    pool = ThreadPoolExecutor(len(calls), "check")
    futures = [pool.submit(call) for call in calls]
    wait(futures, timeout=seconds)
    pool.shutdown(wait=False)
    return [future.result() if future.done() else None for future in futures]
