"""Commands that can't be understood."""

from __future__ import annotations

from messages.blocks import Message
from messages.config import MessageConfig
from messages.help import unknown_command, usage
from recordings.errors import PersonError

ANY_LENGTH = "for 45m"
"""An example of an end that is right at any time of day."""


class UsageError(PersonError):
    """Something about the command is wrong.

    `words`: what can be typed behind the name. `example`: a whole command that works, in the person's own words.
    """

    def __init__(self, problem: str, words: str = "", *, example: str = "") -> None:
        super().__init__(problem)
        self.words = words
        self.example = example

    def behind(self, command: str) -> UsageError:
        """The same problem, with `words` behind the beginning of the person's command as the example."""
        if self.example or not command:
            return self
        return UsageError(str(self), example=f"{command} {self.words}".strip())


class UnknownVerb(PersonError):
    """The first word is no command; `suggestion` is the command that was probably meant, or None."""

    def __init__(self, word: str, suggestion: str | None = None) -> None:
        super().__init__(word)
        self.suggestion = suggestion


def usage_reply(error: UsageError | UnknownVerb, config: MessageConfig) -> Message:
    if isinstance(error, UnknownVerb):
        return unknown_command(str(error), error.suggestion, config)
    return usage(str(error), error.example)


_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


def unescape(text: str) -> str:
    """The characters that Slack escapes in the text of a command (docs.slack.dev, formatting message text)."""
    for entity, character in _ENTITIES:
        text = text.replace(entity, character)
    return text
