"""Extend: on the card, and on the warning that the recording ends soon."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.outcomes import stop_reply
from handlers.requests import Press
from messages import replies
from messages.blocks import Message
from recordings.service.extend import AtLatestEnd, Extended, ExtendService
from recordings.service.lookup import NothingHere


@dataclass(frozen=True, slots=True)
class ExtendButton:
    """The card shows the new end, so a press on the card needs a reply only if the end moved by less than usual."""

    service: ExtendService

    def answer(self, press: Press) -> Message | None:
        """The reply, for the person alone. Raises `SystemFailure`."""
        try:
            outcome = self.service.extend(press.value, press.requester, press.delivery_key)
        except NothingHere:
            return replies.recording_unknown()
        match outcome:
            case Extended(recording, until, redelivered, cut):
                on_card = press.message_ts == recording.card_ts and not cut
                return None if on_card or redelivered else replies.extended(recording, until, cut=cut)
            case AtLatestEnd(recording, until):
                return replies.cannot_extend(recording, until)
        return stop_reply(outcome, press.domain)
