"""The answer to `/record doctor`: what was looked at, for the admin who asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from messages.blocks import Message, cut, escape, section

LOOKING = "Looking; this takes a few seconds."
_LONGEST = 500
"""Of a line, in characters: with thirty of them Slack still takes the message."""
_MOST = 25
_IN_A_SECTION = 4


class CheckResult(Protocol):
    """What was looked at, whether it is right (`note`: right, and worth reading), and what was found or what to do."""

    @property
    def check(self) -> str: ...
    @property
    def ok(self) -> bool: ...
    @property
    def detail(self) -> str: ...
    @property
    def note(self) -> bool: ...


def report(findings: Sequence[CheckResult]) -> Message:
    """A headline that counts, then every line: the first look is at the signs in front."""
    shown = [_line(finding) for finding in findings[:_MOST]]
    wrong = [line for line, finding in zip(shown, findings, strict=False) if not finding.ok]
    headline = _headline(len(wrong), len(findings))
    groups = ["\n".join(shown[first : first + _IN_A_SECTION]) for first in range(0, len(shown), _IN_A_SECTION)]
    blocks = (section(f"*{headline}*"), *(section(group) for group in groups))
    return Message(text=cut("\n".join([headline, *wrong]), 3000), blocks=blocks)


def _headline(wrong: int, looked_at: int) -> str:
    if wrong == 0:
        return f"All right: {looked_at} things looked at"
    return f"{wrong} {'thing needs' if wrong == 1 else 'things need'} a look"


def _line(finding: CheckResult) -> str:
    sign = "❌" if not finding.ok else "\N{INFORMATION SOURCE}\N{VARIATION SELECTOR-16}" if finding.note else "✅"
    found = " ".join(finding.detail.split()).replace("`", "'")
    return f"{sign} *{finding.check}* {cut(escape(found), _LONGEST)}"
