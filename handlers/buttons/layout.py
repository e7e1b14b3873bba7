"""The menu on the card that changes the layout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from handlers.buttons.press import delivery_key, pressed
from messages import replies
from messages.blocks import Message
from messages.layout import chosen_layout
from recordings.service.layout import LayoutRequested, LayoutService, LayoutUnchanged, NoPicture
from recordings.service.start_stop import AlreadyOver, NothingHere


@dataclass(frozen=True, slots=True)
class LayoutMenu:
    """Answers a choice. The card shows what follows; a reply is needed where nothing does."""

    service: LayoutService

    def answer(self, body: dict[str, Any]) -> Message | None:
        """The reply to a `block_actions` request, for the person alone. Raises `SystemFailure`."""
        press = pressed(body)
        chosen = chosen_layout(press.value)
        if chosen is None:
            return replies.nothing_known()
        layout, recording_id = chosen
        try:
            result = self.service.choose(recording_id, layout, press.place, press.by, delivery_key(body))
        except NothingHere:
            return replies.nothing_known()
        match result:
            case LayoutRequested():
                return None
            case LayoutUnchanged(recording):
                return replies.so_already(recording)
            case NoPicture(recording):
                return replies.no_picture(recording)
            case AlreadyOver(recording):
                return replies.over_already(recording, press.domain)
        return replies.stopping(result.recording, again=True)
