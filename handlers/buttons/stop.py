"""Stop: on a card, and in the list of several recordings."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.outcomes import stop_reply
from handlers.requests import Press
from messages import replies
from messages.blocks import Message
from recordings.service.lookup import NothingHere
from recordings.service.outcomes import StopRequested
from recordings.service.start_stop import RecordingService

_IN_A_LIST = "in the list of several"
"""The detail in the audit log."""


@dataclass(frozen=True, slots=True)
class StopButton:
    """The card shows that the recording stops, so a first press on it needs no reply, unless Agora can't be told."""

    service: RecordingService

    def answer(self, press: Press) -> Message | None:
        """The reply, for the person alone. Raises `SystemFailure`."""
        detail = _IN_A_LIST if press.ephemeral else ""
        try:
            outcome = self.service.stop_one(press.value, press.requester, press.delivery_key, detail)
        except NothingHere:
            return replies.recording_unknown()
        first = isinstance(outcome, StopRequested) and not outcome.already_requested and not press.ephemeral
        if first and not replies.is_sign_in_rejected(outcome.recording):
            return None
        return stop_reply(outcome, press.domain)
