"""`/record` with words: start, status, stop, list, help. Without any a form asks: `handlers.form`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from handlers.buttons.press import delivery_key
from handlers.commands.end_times import Ends, For
from handlers.commands.parser import ParsedCommand, UnknownVerb, parse
from handlers.commands.usage import UsageError
from messages import replies
from messages.blocks import Message
from messages.help import help_text, unknown_command, usage
from messages.listing import listing
from recordings.errors import InvalidChannelName
from recordings.model.recording import Recording
from recordings.service.start_stop import (
    AlreadyElsewhere,
    AlreadyHere,
    NothingHere,
    RecordingService,
    Several,
    SlackChannelRef,
    Started,
    StopRequested,
)

ChannelName = Callable[[str, str], str | None]
"""The name of a Slack channel, from its id and from what the command said of it; None where it can't be known."""


@dataclass(frozen=True, slots=True)
class RecordCommand:
    """Answers the command. Every answer is for the person alone; the card is what everybody sees."""

    service: RecordingService
    channel_name: ChannelName
    ends: Ends
    default_duration: float = 14_400
    """The seconds that a recording takes where nobody says else."""

    def answer(self, command: dict[str, Any]) -> Message:
        """The reply to a slash command as Slack sent it. Raises `SystemFailure`."""
        try:
            typed = parse(command.get("text") or "")
            match typed.verb:
                case "start":
                    return self._start(typed, command)
                case "status":
                    return self._status(typed, command)
                case "stop":
                    return self._stop(typed, command)
                case "list":
                    return self._list(typed, command)
            return help_text()
        except UnknownVerb as error:
            return unknown_command(str(error), error.nearest)
        except UsageError as error:
            return usage(str(error), error.example)

    def _start(self, typed: ParsedCommand, command: dict[str, Any]) -> Message:
        name = typed.name or self.channel_name(command["channel_id"], command.get("channel_name") or "")
        if name is None:
            raise UsageError(
                "I can't tell this channel's name. Which Agora channel shall be recorded?", "/record start daily"
            )
        by, response_url = command["user_id"], command.get("response_url")
        ends_at = None if typed.end is None else self.ends(typed.end, by)
        lasts = typed.end.seconds if isinstance(typed.end, For) else None
        options = replace(typed.options, lasts=lasts)
        return answer_start(
            lambda: self.service.start(
                name, _place(command), by, response_url, delivery_key(command), ends_at=ends_at, options=options
            ),
            name,
            _domain(command),
            other_end=ends_at is not None,
            other_options=typed.with_options,
        )

    def _list(self, typed: ParsedCommand, command: dict[str, Any]) -> Message:
        return listing(self.service.history(_place(command), typed.name), _domain(command))

    def _status(self, typed: ParsedCommand, command: dict[str, Any]) -> Message:
        found = self.service.status(_place(command), typed.name)
        if not found and typed.name is not None:
            return replies.nothing_here(typed.name, self._going_on(command))
        if typed.name is not None and found[0].is_over:
            return replies.over_already(found[0], _domain(command))
        return replies.status(found, _domain(command), self.default_duration)

    def _going_on(self, command: dict[str, Any]) -> list[Recording]:
        return [recording for recording in self.service.status(_place(command)) if not recording.is_over]

    def _stop(self, typed: ParsedCommand, command: dict[str, Any]) -> Message:
        try:
            result = self.service.stop(_place(command), command["user_id"], typed.name, delivery_key(command))
        except NothingHere as error:
            return replies.nothing_here(str(error), self._going_on(command))
        match result:
            case Several(recordings):
                return replies.which_one(recordings)
            case StopRequested(recording, again):
                return replies.stopping(recording, again=again)
        return replies.over_already(result.recording, _domain(command))


def _place(command: dict[str, Any]) -> SlackChannelRef:
    return SlackChannelRef(command.get("team_id") or "", command["channel_id"])


def _domain(command: dict[str, Any]) -> str:
    return command.get("team_domain") or "app"


def answer_start(
    start: Callable[[], Started | AlreadyHere],
    name: str,
    domain: str,
    *,
    other_end: bool = False,
    other_options: bool = False,
) -> Message:
    """Starts, and says what came of it; `other_end`, `other_options`: it was asked for with an end, or with options, of
    its own.

    Raises `SystemFailure`.
    """
    try:
        result = start()
    except InvalidChannelName as error:
        return usage(str(error), "/record start daily")
    except AlreadyElsewhere:
        return replies.already_elsewhere(name)
    match result:
        case Started(recording):
            return replies.starting(recording)
        case AlreadyHere(recording):
            return replies.already_here(recording, domain, other_end=other_end, other_options=other_options)
