"""A start, however it was asked for: what the person reads."""

from __future__ import annotations

from collections.abc import Callable

from messages import replies
from messages.help import usage
from messages.text import Message
from recordings.errors import InvalidChannelName
from recordings.service import AlreadyElsewhere, AlreadyHere, Started


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
