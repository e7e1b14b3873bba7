"""Record again: on the card of a recording that is over, and on the alerts about its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from handlers.directory import ChannelName, NotInChannel
from handlers.outcomes import not_in_channel_reply, start_reply
from handlers.requests import Press
from messages import replies
from messages.blocks import Message
from messages.config import MessageConfig
from recordings.model.audit import Source
from recordings.service.lookup import NothingHere
from recordings.service.start_stop import RecordingService, StartRequest


@dataclass(frozen=True, slots=True)
class RecordAgainButton:
    """Starts a recording of the same Agora channel with the same options. The new card is what everybody sees."""

    service: RecordingService
    config: MessageConfig
    channel_name: ChannelName
    bot_name: Callable[[], str]
    """What people type to invite the bot."""

    def answer(self, press: Press) -> Message:
        """The reply, for the person alone. Raises `NotAllowed`, `SystemFailure`."""
        try:
            earlier = self.service.in_channel(press.value, press.slack_channel)
        except NothingHere:
            return replies.recording_unknown()
        try:
            self.channel_name(press.slack_channel.channel, press.channel_name)
        except NotInChannel as error:
            return not_in_channel_reply(self.bot_name(), is_conversation=error.is_conversation)
        request = StartRequest(
            agora_channel=earlier.agora_channel,
            source=Source.BUTTON,
            ends_at=self.service.end_of_another(earlier),
            options=earlier.current_options,
            response_url=press.response_url,
            delivery_key=press.delivery_key,
        )
        return start_reply(self.service.start(press.requester, request), press.domain, self.config)
