"""`/record start`, `status`, `stop`, `list` and `help`. Without a verb `handlers.form` opens a form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from handlers import START_EXAMPLE
from handlers.commands.end_times import EndTimes, For
from handlers.commands.parser import Command
from handlers.commands.usage import UsageError, usage_reply
from handlers.outcomes import start_reply, stop_reply
from handlers.requests import SlashCommand
from messages import replies
from messages.blocks import Message
from messages.help import help_text
from messages.listing import listing
from recordings.model.recording import Recording
from recordings.model.requester import SlackChannelRef
from recordings.service.lookup import NothingHere
from recordings.service.start_stop import RecordingService, Several, StartRequest

ChannelName = Callable[[str, str], str | None]
"""The name of a Slack channel, from its id and the name in the command; None if it can't be known."""


@dataclass(frozen=True, slots=True)
class RecordCommand:
    """Every reply is for the person alone; the card is what everybody sees. Every method raises `SystemFailure`."""

    service: RecordingService
    channel_name: ChannelName
    end_times: EndTimes
    default_duration: float
    """Seconds after which a recording ends if nobody chose an end."""

    def start(self, request: SlashCommand, command: Command) -> Message:
        try:
            start_request = self._start_request(request, command)
        except UsageError as error:
            return usage_reply(error)
        return start_reply(
            self.service.start(request.requester, start_request),
            request.domain,
            end_given=command.end is not None,
            options_given=command.options_given,
        )

    def _start_request(self, request: SlashCommand, command: Command) -> StartRequest:
        """Raises `UsageError`."""
        name = command.name or self.channel_name(request.slack_channel.channel, request.channel_name)
        if name is None:
            raise UsageError("I can't tell this channel's name. Which Agora channel shall be recorded?", START_EXAMPLE)
        end = command.end
        return StartRequest(
            agora_channel=name,
            ends_at=None if end is None else self.end_times.resolve(end, request.requester.id),
            options=replace(command.options, lasts=end.seconds if isinstance(end, For) else None),
            response_url=request.response_url,
            delivery_key=request.delivery_key,
        )

    def show_list(self, request: SlashCommand, command: Command) -> Message:
        return listing(self.service.history(request.slack_channel, command.name), request.domain)

    def status(self, request: SlashCommand, command: Command) -> Message:
        recordings = self.service.status(request.slack_channel, command.name)
        if command.name is not None:
            if not recordings:
                return replies.nothing_recorded(command.name, self._running(request.slack_channel))
            if recordings[0].is_over:
                return replies.already_over(recordings[0], request.domain)
        return replies.status(recordings, request.domain, self.default_duration)

    def stop(self, request: SlashCommand, command: Command) -> Message:
        try:
            outcome = self.service.stop(request.requester, command.name, request.delivery_key)
        except NothingHere as error:
            return replies.nothing_recorded(str(error), self._running(request.slack_channel))
        if isinstance(outcome, Several):
            return replies.choose_recording(outcome.recordings)
        return stop_reply(outcome, request.domain)

    def show_help(self, _request: SlashCommand, _command: Command) -> Message:
        return help_text()

    def _running(self, slack_channel: SlackChannelRef) -> list[Recording]:
        return [recording for recording in self.service.status(slack_channel) if not recording.is_over]
