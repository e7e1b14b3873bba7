"""What the person reads for outcomes that a command and a button share."""

from __future__ import annotations

from messages import replies
from messages.blocks import Message
from messages.config import MessageConfig
from messages.help import usage
from recordings.service.outcomes import AlreadyOver, StopRequested
from recordings.service.start_stop import AlreadyElsewhere, AlreadyHere, InvalidName, Started, StartOutcome


def start_reply(
    outcome: StartOutcome,
    domain: str,
    config: MessageConfig,
    *,
    end_given: bool = False,
    options_given: bool = False,
) -> Message:
    """`end_given`, `options_given`: the request named an end or options, which a running recording ignores."""
    match outcome:
        case Started(recording):
            return replies.starting(recording)
        case AlreadyHere(recording):
            return replies.already_here(recording, domain, config, other_end=end_given, other_options=options_given)
        case AlreadyElsewhere(agora_channel):
            return replies.already_elsewhere(agora_channel)
        case InvalidName(_, problem):
            return usage(problem)


def stop_reply(outcome: StopRequested | AlreadyOver, domain: str) -> Message:
    match outcome:
        case StopRequested(recording, already_requested):
            return replies.stopping(recording, already_requested=already_requested)
        case AlreadyOver(recording):
            return replies.already_over(recording, domain)


def not_in_channel_reply(bot_name: str, *, is_conversation: bool) -> Message:
    """How to invite the bot; nobody can invite it into a conversation between people."""
    return replies.not_in_conversation() if is_conversation else replies.not_in_channel(bot_name)
