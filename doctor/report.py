"""The output of `bot.py check`: a line for each result, failures first, and a summary; or JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from doctor.results import CheckResult, Status

_ORDER = tuple(Status)
_COLORS = {Status.FAIL: "1;31", Status.NOTE: "33", Status.SKIP: "2", Status.OK: "32"}

Paint = Callable[[Status, str], str]


def as_text(results: Sequence[CheckResult], *, colored: bool = False) -> str:
    """A line for each result, failures first, then one that sums them up."""
    paint = _colored if colored else _plain
    first_failures = sorted(results, key=lambda result: _ORDER.index(result.status))
    return "".join(
        f"{line}\n" for line in (*(_line(result, paint) for result in first_failures), _summary(results, paint))
    )


def as_json(results: Sequence[CheckResult]) -> str:
    """A list of objects, in the order of the checks."""
    return json.dumps([_object(result) for result in results], indent=2) + "\n"


def exit_code(results: Sequence[CheckResult]) -> int:
    """0, or 1 if a check failed."""
    return 0 if all(result.ok for result in results) else 1


def _line(result: CheckResult, paint: Paint) -> str:
    word = "FAIL" if result.status is Status.FAIL else str(result.status)
    return f"{paint(result.status, word.ljust(4))}  {_title(result.check):<17} {' '.join(result.detail.split())}"


def _summary(results: Sequence[CheckResult], paint: Paint) -> str:
    failures = [_title(result.check) for result in results if not result.ok]
    if not failures:
        return paint(Status.OK, f"All {len(results)} checks passed. Start the bot: make run")
    failed = "check failed" if len(results) == 1 else "checks failed"
    return paint(Status.FAIL, f"{len(failures)} of {len(results)} {failed}: {', '.join(failures)}")


def _object(result: CheckResult) -> dict[str, str | None]:
    return {
        "check": result.check.replace(" ", "_"),
        "status": str(result.status),
        "detail": " ".join(result.detail.split()),
        "setting": result.setting or None,
    }


def _title(check: str) -> str:
    return (check[:1].upper() + check[1:]).replace("app id", "App ID")


def _plain(_: Status, text: str) -> str:
    return text


def _colored(status: Status, text: str) -> str:
    return f"\x1b[{_COLORS[status]}m{text}\x1b[0m"
