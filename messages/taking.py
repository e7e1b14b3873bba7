"""Replies to a press on I'm on it; where it worked, the alert itself shows it."""

from __future__ import annotations

from messages import replies
from messages.text import Message, clock, person, plain
from recordings.errors import SlackError
from recordings.taking import Taken


def on_it_already(taken: Taken) -> Message:
    return replies.text(f"{person(taken.by)} is on it already, since {clock(taken.at)}.")


def not_shown(error: SlackError) -> Message:
    """It is written down; the alert itself still looks as before."""
    return replies.text(
        f"It is noted that you are on it, but Slack did not let me show it on the alert ({plain(error.error, 80)})."
        " Press again, or tell the others."
    )
