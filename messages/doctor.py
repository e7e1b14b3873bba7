"""The reply to `/record doctor`, for the admin who typed it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from messages.blocks import Message, cut, escape, section

LOOKING = "Looking; this takes a few seconds."
_LONGEST = 500
"""Characters of a line. Slack accepts a message with thirty such lines."""
_LINES = 25
_LINES_A_SECTION = 4


class CheckResult(Protocol):
    """The result of one check. `note`: it passed, and its detail is worth reading."""

    @property
    def check(self) -> str: ...
    @property
    def ok(self) -> bool: ...
    @property
    def detail(self) -> str: ...
    @property
    def note(self) -> bool: ...


def report(results: Sequence[CheckResult]) -> Message:
    """A headline with the count of failed checks, then a line for each check."""
    lines = [_line(result) for result in results[:_LINES]]
    failed = [line for line, result in zip(lines, results, strict=False) if not result.ok]
    headline = _headline(len(failed), len(results))
    groups = ["\n".join(lines[first : first + _LINES_A_SECTION]) for first in range(0, len(lines), _LINES_A_SECTION)]
    blocks = (section(f"*{headline}*"), *(section(group) for group in groups))
    return Message(text=cut("\n".join([headline, *failed]), 3000), blocks=blocks)


def _headline(failed: int, checked: int) -> str:
    if failed == 0:
        return f"All right: {checked} things looked at"
    return f"{failed} {'thing needs' if failed == 1 else 'things need'} a look"


def _line(result: CheckResult) -> str:
    detail = " ".join(result.detail.split()).replace("`", "'")
    return f"{_emoji(result)} *{result.check}* {cut(escape(detail), _LONGEST)}"


def _emoji(result: CheckResult) -> str:
    if not result.ok:
        return "❌"
    return "\N{INFORMATION SOURCE}\N{VARIATION SELECTOR-16}" if result.note else "✅"
