"""The menu on the card that changes the layout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from handlers.buttons.press import delivery_key, pressed
from messages import replies
from messages.blocks import Message
from messages.layout import parse_layout_choice
from recordings.service.layout import LayoutRequested, LayoutService, LayoutUnchanged, NoPicture
from recordings.service.start_stop import AlreadyOver, NothingHere


@dataclass(frozen=True, slots=True)
class LayoutMenu:
    """Answers a choice. The card shows what follows; a reply is needed where nothing does."""

    service: LayoutService

    def answer(self, body: dict[str, Any]) -> Message | None:
        """The reply to a `block_actions` request, for the person alone. Raises `SystemFailure`."""
        press = pressed(body)
        chosen = parse_layout_choice(press.value)
        if chosen is None:
            return replies.recording_unknown()
        layout, recording_id = chosen
        try:
            result = self.service.choose(recording_id, layout, press.place, press.by, delivery_key(body))
        except NothingHere:
            return replies.recording_unknown()
        match result:
            case LayoutRequested():
                return None
            case LayoutUnchanged(recording):
                return replies.layout_already_chosen(recording)
            case NoPicture(recording):
                return replies.no_picture(recording)
            case AlreadyOver(recording):
                return replies.already_over(recording, press.domain)
        return replies.stopping(result.recording, already_requested=True)
