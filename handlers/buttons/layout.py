"""Change layout, in the menu of a card, and the menu of layouts that answers it."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.outcomes import stop_reply
from handlers.requests import Press
from messages import replies
from messages.blocks import Message
from messages.layout import changing_layout, choose_layout, parse_layout_choice
from recordings.lifecycle.end_times import is_ongoing
from recordings.service.layout import LayoutRequested, LayoutService, LayoutUnchanged, NoPicture
from recordings.service.lookup import NothingHere
from recordings.service.outcomes import too_late
from recordings.service.start_stop import RecordingService


@dataclass(frozen=True, slots=True)
class LayoutOption:
    """Offers the layouts, while one can be changed."""

    service: RecordingService

    def answer(self, press: Press) -> Message:
        """The reply, for the person alone. Raises `StorageUnavailable`."""
        try:
            recording = self.service.in_channel(press.value, press.slack_channel)
        except NothingHere:
            return replies.recording_unknown()
        if not is_ongoing(recording):
            return stop_reply(too_late(recording), press.domain)
        return choose_layout(recording) if recording.options.has_picture else replies.no_picture(recording)


@dataclass(frozen=True, slots=True)
class LayoutMenu:
    """The menu is on a reply, whose place the answer takes. On the cards of the previous release it is on the card."""

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
            case LayoutRequested(recording):
                return changing_layout(recording) if press.ephemeral else None
            case LayoutUnchanged(recording):
                return replies.layout_already_chosen(recording)
            case NoPicture(recording):
                return replies.no_picture(recording)
        return stop_reply(outcome, press.domain)
