"""Slack's rate limits. The bot stays below them, so that Slack need not enforce them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from rate_limits import Limit, SlidingWindow
from recordings.errors import SlackBusy
from recordings.ports import Clock


class SlackLimits:
    """The rate limits of this app (docs.slack.dev, Rate limits; chat.update is tier 3)."""

    def __init__(self, clock: Clock) -> None:
        self.posts = SlidingWindow(Limit(1, 1.05), clock)
        """By Slack channel. Slack allows about one post a second."""
        self.edits = SlidingWindow(Limit(45, 60), clock)
        """Without a key: all edits share Slack's limit of about 50 a minute."""
        self.edits_of_card = SlidingWindow(Limit(4, 10), clock)
        """By recording, so that a card that changes often leaves edits for the others."""

    @contextmanager
    def posting_in(self, channel: str) -> Iterator[None]:
        """Counts a post in this channel. If Slack asks for a pause, all posts in the channel wait."""
        self.posts.record(channel)
        try:
            yield
        except SlackBusy as error:
            if error.retry_after:
                self.posts.pause(timedelta(seconds=error.retry_after), channel)
            raise
