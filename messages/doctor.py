"""The reply to `/record doctor`, for the admin who typed it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from messages import replies
from messages.blocks import Block, Message, capitalized, context, cut, escape, plain, section

LOOKING = "Checking the setup. This takes a few seconds."
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
    """A summary, then the checks that failed, and the others in small print."""
    failed = [_line(result) for result in results if not result.ok]
    notes = [_line(result) for result in results if result.ok and result.note]
    passed = [_line(result) for result in results if result.ok and not result.note]
    summary = _summary(len(failed), len(results))
    shown = failed[:_LINES]
    others = [*notes, *passed][: _LINES - len(shown)]
    blocks: tuple[Block, ...] = (
        section(f"*{summary}*"),
        *(section(group) for group in _groups(shown)),
        *(context(group) for group in _groups(others)),
    )
    return Message(text=cut("\n".join([summary, *failed]), 3000), blocks=blocks)


def _groups(lines: Sequence[str]) -> list[str]:
    return ["\n".join(lines[first : first + _LINES_A_SECTION]) for first in range(0, len(lines), _LINES_A_SECTION)]


def _summary(failed: int, checked: int) -> str:
    if failed == 0:
        return "✅ The check passed" if checked == 1 else f"✅ All {checked} checks passed"
    return f"❌ {failed} of {checked} {'check' if checked == 1 else 'checks'} failed"


def admins_only() -> Message:
    return replies.text("Only workspace admins can run this. Ask one of them to type `/record doctor` here.")


def already_running() -> Message:
    return replies.text("A check is already running. Its result comes in a few seconds.")


def admin_unknown(error: str, contact: str) -> Message:
    """Slack did not say whether the person is an admin."""
    if error == "missing_scope":
        return replies.text(
            "I can't see whether you're a workspace admin: the app lacks the scope `users:read`. It's added under"
            " OAuth & Permissions, then the app is installed again."
            f" {capitalized(contact)} can also run `bot.py check`."
        )
    return replies.text(
        f"I can't see whether you're a workspace admin right now ({plain(error, 80)}). Try again in a minute, or ask"
        f" {contact} to run `bot.py check`."
    )


def _line(result: CheckResult) -> str:
    detail = " ".join(result.detail.split()).replace("`", "'")
    return f"{_emoji(result)} *{_title(result.check)}* {cut(escape(detail), _LONGEST)}"


def _emoji(result: CheckResult) -> str:
    if not result.ok:
        return "❌"
    return "\N{INFORMATION SOURCE}\N{VARIATION SELECTOR-16}" if result.note else "✅"


def _title(check: str) -> str:
    """The name of a check as people read it."""
    return capitalized(check).replace("app id", "App ID")
