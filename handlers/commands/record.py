"""`/record start`, `status`, `stop`, `list` and `help`. Without a verb `handlers.form` opens a form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from handlers.commands.end_times import EndTimes, For
from handlers.commands.parser import Command, start_command
from handlers.commands.usage import UsageError, usage_reply
from handlers.directory import ChannelName, NotInChannel
from handlers.outcomes import not_in_channel_reply, start_reply, stop_reply
from handlers.requests import SlashCommand
from messages import replies
from messages.blocks import Message
from messages.config import MessageConfig
from messages.help import help_text
from messages.listing import listing
from recordings.model.options import DEFAULT_OPTIONS, Options
from recordings.model.recording import Recording
from recordings.model.requester import SlackChannelRef
from recordings.service.lookup import NothingHere
from recordings.service.outcomes import AlreadyOver, StopRequested, has_finished
from recordings.service.start_stop import InvalidName, RecordingService, Several, StartRequest

_NAME_IT = "Type /record start and the name of the call."
_SLOW_SECONDS = 0.7
"""After such a lookup another one could make the acknowledgement later than the 3 seconds that Slack waits."""
_EVERY_RECORDING = frozenset({"all", "everything", "it", "now", "please"})
"""What people type behind `stop` without meaning a call."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RecordCommand:
    """Every reply is for the person alone; the card is what everybody sees. Every method raises `SystemFailure`."""

    service: RecordingService
    channel_name: ChannelName
    end_times: EndTimes
    config: MessageConfig
    bot_name: Callable[[], str]
    """What people type to invite the bot."""

    def start(self, request: SlashCommand, command: Command) -> Message:
        try:
            start_request = self._start_request(request, command)
        except UsageError as error:
            return usage_reply(error, self.config)
        except NotInChannel as error:
            _log.info("not_in_channel", channel=request.slack_channel.channel, user=request.requester.id)
            return not_in_channel_reply(self.bot_name(), is_conversation=error.is_conversation)
        outcome = self.service.start(request.requester, start_request)
        if isinstance(outcome, InvalidName) and command.name is None:
            return usage_reply(UsageError(f"{outcome.problem} {_NAME_IT}"), self.config)
        return start_reply(
            outcome,
            request.domain,
            self.config,
            end_given=command.end is not None,
            options_given=command.options_given,
        )

    def _start_request(self, request: SlashCommand, command: Command) -> StartRequest:
        """Raises `UsageError`, `NotInChannel`."""
        # The lookup also tells whether the bot is in a private channel: without that nothing can be recorded there.
        began = self.end_times.clock.monotonic()
        own_name = self.channel_name(request.slack_channel.channel, request.channel_name)
        slow = self.end_times.clock.monotonic() - began >= _SLOW_SECONDS
        name = command.name or own_name
        if name is None:
            raise UsageError(f"Which call should I record? {_NAME_IT}")
        return StartRequest(
            agora_channel=name,
            ends_at=self._ends_at(request, command, ask=not slow),
            options=replace(command.options, lasts=command.end.seconds if isinstance(command.end, For) else None),
            response_url=request.response_url,
            delivery_key=request.delivery_key,
        )

    def _ends_at(self, request: SlashCommand, command: Command, *, ask: bool) -> datetime | None:
        if command.end is None:
            return None
        try:
            return self.end_times.resolve(command.end, request.requester.id, ask=ask)
        except UsageError as error:
            words = " ".join([error.words, *_option_words(command.options)])
            raise UsageError(str(error), words).behind(start_command(command.name)) from None

    def show_list(self, request: SlashCommand, command: Command) -> Message:
        return listing(self.service.history(request.slack_channel, command.name), request.domain)

    def status(self, request: SlashCommand, command: Command) -> Message:
        recordings = self.service.status(request.slack_channel, command.name)
        if command.name is not None:
            if not recordings:
                return replies.nothing_recorded(command.name, self._running(request.slack_channel))
            if recordings[0].is_over:
                return replies.already_over(recordings[0], request.domain)
        return replies.status(recordings, request.domain, self.config)

    def stop(self, request: SlashCommand, command: Command) -> Message:
        try:
            outcome = self._stop(request, command.name)
        except NothingHere as error:
            return replies.nothing_recorded(str(error), self._running(request.slack_channel))
        if isinstance(outcome, Several):
            return replies.choose_recording(outcome.recordings)
        return stop_reply(outcome, request.domain)

    def _stop(self, request: SlashCommand, name: str | None) -> StopRequested | AlreadyOver | Several:
        try:
            return self.service.stop(request.requester, name, request.delivery_key)
        except NothingHere:
            if (name or "").lower() not in _EVERY_RECORDING:
                raise
            return self.service.stop(request.requester, None, request.delivery_key)

    def show_help(self, _request: SlashCommand, command: Command) -> Message:
        return help_text(self.config, command.topic)

    def _running(self, slack_channel: SlackChannelRef) -> list[Recording]:
        return [recording for recording in self.service.status(slack_channel) if not has_finished(recording)]


def _option_words(options: Options) -> list[str]:
    """The options as they can be typed, without the default ones."""
    chosen = (options.media, options.layout, options.resolution)
    defaults = (DEFAULT_OPTIONS.media, DEFAULT_OPTIONS.layout, DEFAULT_OPTIONS.resolution)
    return [str(option) for option, default in zip(chosen, defaults, strict=True) if option is not default]
