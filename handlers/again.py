"""Record again: on a card that is over, and on the alerts that say so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from handlers.deliveries import delivery_key
from handlers.pressed import pressed
from handlers.starting import answer_start
from messages import replies
from messages.text import Message
from recordings.model import Source
from recordings.service import NothingHere, RecordingService


@dataclass(frozen=True, slots=True)
class AgainButton:
    """Answers a press as the command would, with the options of the one before. The new card is what everybody sees."""

    service: RecordingService

    def answer(self, body: dict[str, Any]) -> Message:
        """The reply to a `block_actions` request, for the person alone. Raises `SystemFailure`."""
        press = pressed(body)
        try:
            before = self.service.of_here(press.value, press.place)
        except NothingHere:
            return replies.nothing_known()
        name, options = before.agora_channel, before.options_now
        return answer_start(
            lambda: self.service.start(
                name,
                press.place,
                press.by,
                body.get("response_url"),
                delivery_key(body),
                Source.BUTTON,
                options=options,
            ),
            name,
            press.domain,
        )
