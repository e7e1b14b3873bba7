"""Options of the simulated Slack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

DEFAULT_SCOPES = (
    "commands",
    "chat:write",
    "chat:write.public",
    "channels:read",
    "groups:read",
    "im:read",
    "im:write",
    "users:read",
)


@dataclass(frozen=True)
class SlackOptions:
    """The app's scopes, and Slack's limits."""

    scopes: Sequence[str] = DEFAULT_SCOPES
    rate_limits: bool = True
    posts_per_second: float = 1.0
    """In each channel."""
    post_burst: int = 3
    ack_seconds: float = 3.0
    """How long an app may take to acknowledge."""
    trigger_seconds: float = 3.0
    response_url_seconds: float = 1800.0
    event_retry_seconds: Sequence[float] = (0.0, 60.0, 300.0)
    """Before each repeat of an event that was not acknowledged."""
    max_connections: int = 10
    """Of Socket Mode."""
    should_escape: bool = True
    """Whether mentions in a command's text arrive as ids."""
