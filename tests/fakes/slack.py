"""A Slack in memory: it accepts messages, or fails as a test tells it to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from slack_sdk import WebClient

from messages.blocks import Message
from messages.config import MessageConfig
from messages.delivery.slack import Slack
from recordings.errors import SlackError, SlackRefused
from recordings.ports import Clock

MESSAGE_CONFIG = MessageConfig(14_400, lambda recording: f"slack/{recording.slack_channel}", 1_800)


@dataclass
class Post:
    """A message that Slack accepted."""

    channel: str
    message: Message
    at: datetime
    thread_ts: str | None = None
    broadcast: bool = False
    deleted: bool = False
    edits: list[datetime] = field(default_factory=list)


class FakeSlack(Slack):
    """Before each call it asks `failing` for an error. If there is one it raises that, and the call has no effect."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(WebClient(token="xoxb-fake"))
        self._clock = clock
        self.posts: dict[str, Post] = {}
        self.answers: list[tuple[str, Message]] = []
        self.calls: list[str] = []
        self.failing: Callable[[str, str, Message | None], SlackError | None] = lambda call, where, message: None

    def fails(self, *errors: SlackError | None) -> None:
        """Plans the results of the next calls, in order. A call with None succeeds."""
        planned = list(errors)
        self.failing = lambda call, where, message: planned.pop(0) if planned else None

    def post(self, channel: str, message: Message, *, thread_ts: str | None = None, broadcast: bool = False) -> str:
        self._called("post", channel, message)
        ts = f"{len(self.posts) + 1}.000100"
        self.posts[ts] = Post(channel, message, self._clock.now(), thread_ts, broadcast)
        return ts

    def update(self, channel: str, ts: str, message: Message) -> None:
        self._called("update", channel, message)
        post = self.posts.get(ts)
        if post is None or post.deleted:
            raise SlackRefused("message_not_found")
        post.message = message
        post.edits.append(self._clock.now())

    def direct_channel(self, user: str) -> str:
        self._called("direct_channel", user, None)
        return f"D-{user}"

    def answer(self, response_url: str, message: Message) -> None:
        self._called("answer", response_url, message)
        self.answers.append((response_url, message))

    def _called(self, call: str, where: str, message: Message | None) -> None:
        self.calls.append(call)
        error = self.failing(call, where, message)
        if error is not None:
            raise error

    def in_channel(self, channel: str) -> list[Post]:
        return [post for post in self.posts.values() if post.channel == channel]
