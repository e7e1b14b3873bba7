"""The button that puts off the end of a recording: on its card, and on the warning that it ends soon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from handlers.buttons.press import delivery_key
from messages import replies
from messages.blocks import Message
from recordings.service.extend import AtLatestEnd, Extended, ExtendService
from recordings.service.start_stop import AlreadyOver, NothingHere, SlackChannelRef


@dataclass(frozen=True, slots=True)
class ExtendButton:
    """Answers a press. The card shows the new end; a reply is needed where that is not all, or the button was
    elsewhere."""

    service: ExtendService

    def answer(self, body: dict[str, Any]) -> Message | None:
        """The reply to a `block_actions` request, for the person alone. Raises `SystemFailure`."""
        container, team = body.get("container") or {}, body.get("team") or {}
        channel = (body.get("channel") or {}).get("id") or container.get("channel_id") or ""
        place, pressed = SlackChannelRef(team.get("id") or "", channel), body["actions"][0].get("value") or ""
        try:
            result = self.service.extend(pressed, place, body["user"]["id"], delivery_key(body))
        except NothingHere:
            return replies.text("I don't know that recording any more. `/record status` shows what is running.")
        match result:
            case Extended(recording, until, again, cut):
                on_card = container.get("message_ts") == recording.card_ts and not cut
                return None if on_card or again else replies.extended(recording, until, cut=cut)
            case AtLatestEnd(recording, until):
                return replies.cannot_extend(recording, until)
            case AlreadyOver(recording):
                return replies.already_over(recording, team.get("domain") or "app")
        return replies.stopping(result.recording, already_requested=True)
