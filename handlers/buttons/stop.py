"""Buttons: Stop on a card, or in the list of several recordings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from handlers.buttons.press import delivery_key
from messages import replies
from messages.blocks import Message
from recordings.service.start_stop import AlreadyOver, NothingHere, RecordingService, SlackChannelRef

_IN_A_LIST = "in the list of several"


@dataclass(frozen=True, slots=True)
class StopButton:
    """Answers a press. What follows shows on the card; a reply is needed only where nothing follows, or where the
    button was not on the card."""

    service: RecordingService

    def answer(self, body: dict[str, Any]) -> Message | None:
        """The reply to a `block_actions` request, for the person alone. Raises `SystemFailure`."""
        channel = (body.get("channel") or {}).get("id") or (body.get("container") or {}).get("channel_id") or ""
        team = body.get("team") or {}
        place = SlackChannelRef(team.get("id") or "", channel)
        on_card = not (body.get("container") or {}).get("is_ephemeral")
        try:
            pressed = body["actions"][0].get("value") or ""
            detail = "" if on_card else _IN_A_LIST
            result = self.service.stop_one(pressed, place, body["user"]["id"], delivery_key(body), detail)
        except NothingHere:
            return replies.recording_unknown()
        if isinstance(result, AlreadyOver):
            return replies.already_over(result.recording, team.get("domain") or "app")
        return (
            None if on_card and not result.again else replies.stopping(result.recording, already_requested=result.again)
        )
