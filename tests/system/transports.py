"""The two transports over which Slack reaches the bot: Socket Mode and HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

import pytest

if TYPE_CHECKING:
    from tests.system.conftest import Stack

BOTH_TRANSPORTS = pytest.mark.parametrize("transport_kind", ["socket", "http"])


@dataclass
class SlackTransport:
    """Starts and restarts a bot that Slack reaches over Socket Mode or over HTTP."""

    stack: Stack
    kind: str
    port: int

    def open(self, **settings: str) -> Stack:
        if self.kind == "socket":
            return self.stack.start(**settings)
        self.stack.bot.start(SLACK_APP_TOKEN="", HTTP_PORT=str(self.port), **settings)
        self.stack.slack.wait_for(self._ready, timeout=20, what="a bot that is ready")
        self.stack.slack_server.use_http(f"http://127.0.0.1:{self.port}/slack/events")
        return self.stack

    def open_again(self, **settings: str) -> Stack:
        """Kills the bot with SIGKILL and starts it again on the same database."""
        self.stack.bot.kill()
        if self.kind == "socket":
            return self.stack.restart(**settings)
        return self.open(**settings)

    def _ready(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/readyz") as response:
                return bool(response.status == 200)
        except (URLError, ConnectionError):
            return False
