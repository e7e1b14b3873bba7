"""The result of one check, and running checks side by side."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

_T = TypeVar("_T")
_SETTING = re.compile(r"\b[A-Z]+(?:_[A-Z]+)+\b")


class Status(StrEnum):
    """What a check found. `NOTE`: no fault, but worth reading. `SKIP`: not tested, since another check failed."""

    FAIL = "fail"
    NOTE = "note"
    SKIP = "skip"
    OK = "ok"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """`check`: its name. `detail`: what it found, and what to do. `setting`: the one to look at, if there is one."""

    check: str
    status: Status
    detail: str
    setting: str = ""

    @property
    def ok(self) -> bool:
        return self.status is not Status.FAIL

    @property
    def note(self) -> bool:
        """Whether it passed with a remark, or was skipped."""
        return self.status in (Status.NOTE, Status.SKIP)


def passed(check: str, detail: str) -> CheckResult:
    return CheckResult(check, Status.OK, detail)


def failed(check: str, problem: str, next_step: str = "", setting: str | None = None) -> CheckResult:
    """`setting`: the first one that the next step names, unless another is given."""
    first = first_setting(next_step) if setting is None else setting
    return CheckResult(check, Status.FAIL, sentences(problem, next_step), first)


def note(check: str, remark: str, next_step: str = "", setting: str = "") -> CheckResult:
    return CheckResult(check, Status.NOTE, sentences(remark, next_step), setting)


def skipped(check: str, first: str) -> CheckResult:
    """The check can't run before another one passes."""
    return CheckResult(check, Status.SKIP, f"not tested, since {first} failed")


def first_setting(text: str) -> str:
    """The first name of a setting in a text, or nothing."""
    named = _SETTING.search(text)
    return named[0] if named else ""


def sentences(problem: str, next_step: str) -> str:
    """Both with one full stop between them: the words of a service may end with one."""
    if not next_step:
        return problem
    end = "" if problem.endswith(("?", "!")) else "."
    return f"{problem.rstrip('. ')}{end} {next_step}"


def run_together(calls: Sequence[Callable[[], _T]], seconds: float) -> list[_T | None]:
    """Returns the calls' results in their order; None for one that takes longer. Raises what a call raises.

    A late call goes on in its thread: looking up a host's name, for one, can't be interrupted.
    """
    pool = ThreadPoolExecutor(len(calls), "check")
    futures = [pool.submit(call) for call in calls]
    wait(futures, timeout=seconds)
    pool.shutdown(wait=False)
    return [future.result() if future.done() else None for future in futures]
