"""Details: in the menu of a card, and on alerts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from handlers.pressed import pressed
from messages import details, replies
from messages.buttons import DETAILS_OPTION
from messages.text import Message
from recordings.details import DetailService
from recordings.service import NothingHere


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
            return replies.nothing_known()
