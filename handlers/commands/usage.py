"""Commands that can't be understood."""

from __future__ import annotations

from messages.blocks import Message
from messages.help import unknown_command, usage
from recordings.errors import PersonError


class UsageError(PersonError):
    """Something about the command is wrong. `example` shows a command that works."""

    def __init__(self, problem: str, example: str) -> None:
        super().__init__(problem)
        self.example = example


class UnknownVerb(PersonError):
    """The first word is no command; `closest` is the command that was probably meant."""

    def __init__(self, word: str, closest: str | None) -> None:
        super().__init__(word)
        self.closest = closest


def usage_reply(error: UsageError | UnknownVerb) -> Message:
    if isinstance(error, UnknownVerb):
        return unknown_command(str(error), error.closest)
    return usage(str(error), error.example)


_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


def unescape(text: str) -> str:
    """The characters that Slack escapes in the text of a command (docs.slack.dev, formatting message text)."""
    for entity, character in _ENTITIES:
        text = text.replace(entity, character)
    return text
