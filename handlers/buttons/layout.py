"""The menu on the card that changes the layout."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.outcomes import stop_reply
from handlers.requests import Press
from messages import replies
from messages.blocks import Message
from messages.layout import parse_layout_choice
from recordings.service.layout import LayoutRequested, LayoutService, LayoutUnchanged, NoPicture
from recordings.service.lookup import NothingHere


@dataclass(frozen=True, slots=True)
class LayoutMenu:
    """The card shows the new layout, so a choice needs a reply only if nothing changes."""

    service: LayoutService

    def answer(self, press: Press) -> Message | None:
        """The reply, for the person alone. Raises `SystemFailure`."""
        choice = parse_layout_choice(press.value)
        if choice is None:
            return replies.recording_unknown()
        layout, recording_id = choice
        try:
            outcome = self.service.change_layout(recording_id, layout, press.requester, press.delivery_key)
        except NothingHere:
            return replies.recording_unknown()
        match outcome:
            case LayoutRequested():
                return None
            case LayoutUnchanged(recording):
                return replies.layout_already_chosen(recording)
            case NoPicture(recording):
                return replies.no_picture(recording)
        return stop_reply(outcome, press.domain)
