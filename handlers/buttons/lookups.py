"""Details: in the menu of a card, and on alerts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from handlers.buttons.press import pressed
from messages import details, listing, replies
from messages.blocks import Message
from messages.buttons import DETAILS_OPTION
from recordings.model.listing import Cursor
from recordings.service.details import DetailService
from recordings.service.start_stop import NothingHere, RecordingService


@dataclass(frozen=True, slots=True)
class DetailsButton:
    """Answers a press with what Agora's support asks for."""

    service: DetailService

    def answer(self, body: dict[str, Any]) -> Message:
        """The reply to a `block_actions` request, for the person alone. Raises `StorageUnavailable`."""
        press = pressed(body)
        try:
            return details.details(self.service.details(press.value.removeprefix(DETAILS_OPTION), press.place))
        except NothingHere:
            return replies.recording_unknown()


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
            return listing.list_expired()
        return listing.listing(self.service.history(press.place, after=after), press.domain)
