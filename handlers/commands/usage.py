"""What somebody typed can't be understood."""

from __future__ import annotations

from recordings.errors import PersonError


class UsageError(PersonError):
    """What was typed can't be understood. `example` shows what could be typed instead."""

    def __init__(self, problem: str, example: str) -> None:
        super().__init__(problem)
        self.example = example


_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


def unescape(text: str) -> str:
    for entity, character in _ENTITIES:
        text = text.replace(entity, character)
    return text
