"""Record again: on a card that is over, and on the alerts that say so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from handlers.buttons.press import delivery_key, pressed
from handlers.commands.record import answer_start
from messages import replies
from messages.blocks import Message
from recordings.model.audit import Source
from recordings.service.start_stop import NothingHere, RecordingService


@dataclass(frozen=True, slots=True)
class RecordAgainButton:
    """Answers a press as the command would, with the options of the one before. The new card is what everybody sees."""

    service: RecordingService

    def answer(self, body: dict[str, Any]) -> Message:
        """The reply to a `block_actions` request, for the person alone. Raises `SystemFailure`."""
        press = pressed(body)
        try:
            before = self.service.of_here(press.value, press.place)
        except NothingHere:
            return replies.recording_unknown()
        name, options = before.agora_channel, before.current_options
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
