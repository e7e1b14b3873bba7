"""The result of one check, a line of `bot.py check`; and running checks side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TypeVar

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class CheckResult:
    """`check`: its name. `detail`: what it found, and what to do. `note`: no fault, but worth reading."""

    check: str
    ok: bool
    detail: str
    note: bool = False

    def __str__(self) -> str:
        detail = f"note: {self.detail}" if self.note else self.detail
        return f"{'ok  ' if self.ok else 'FAIL'}  {self.check:<17} {' '.join(detail.split())}"


def passed(check: str, detail: str) -> CheckResult:
    return CheckResult(check, True, detail)


def failed(check: str, detail: str) -> CheckResult:
    return CheckResult(check, False, detail)


def note(check: str, detail: str) -> CheckResult:
    return CheckResult(check, True, detail, note=True)


def skipped(check: str, first: str) -> CheckResult:
    """The check can't run before another one passes."""
    return note(check, f"not looked at: see {first}")


def report_settings(lines: Sequence[str]) -> int:
    """Prints a result for each wrong setting, and returns exit code 1: no other check can run."""
    return report([failed("settings", line) for line in lines])


def report(results: Iterable[CheckResult]) -> int:
    """Prints the results as they come; returns exit code 0 if all passed, else 1."""
    failures = 0
    for result in results:
        print(result, flush=True)  # noqa: T201 - a person at a terminal reads this
        failures += not result.ok
    return 1 if failures else 0


def run_together(calls: Sequence[Callable[[], _T]], seconds: float) -> list[_T | None]:
    """Returns the calls' results in their order; None for one that takes longer. Raises what a call raises.

    A late call goes on in its thread: looking up a host's name, for one, can't be interrupted.
    """
    pool = ThreadPoolExecutor(len(calls), "check")
    futures = [pool.submit(call) for call in calls]
    wait(futures, timeout=seconds)
    pool.shutdown(wait=False)
    return [future.result() if future.done() else None for future in futures]
