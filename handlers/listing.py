"""Next, in the answer to `/record list`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from handlers.pressed import pressed
from messages import listing
from messages.text import Message
from recordings.history import Cursor
from recordings.service import RecordingService


@dataclass(frozen=True, slots=True)
class NextButton:
    """Answers a press with the next page, of the Slack channel in which it was pressed."""

    service: RecordingService

    def answer(self, body: dict[str, Any]) -> Message:
        """What takes the list's place. Raises `StorageUnavailable`."""
        press = pressed(body)
        try:
            after = Cursor.read(press.value)
        except ValueError:
            return listing.nothing_there()
        return listing.listing(self.service.history(press.place, after=after), press.domain)
