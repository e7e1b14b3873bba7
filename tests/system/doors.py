"""The two ways in which Slack reaches the bot."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.system.conftest import Office

BOTH_DOORS = pytest.mark.parametrize("door_kind", ["socket", "http"])


@dataclass
class Door:
    """Starts a bot that Slack reaches over Socket Mode or over HTTP, and starts it again."""

    office: Office
    kind: str
    port: int

    def open(self, **settings: str) -> Office:
        if self.kind == "socket":
            return self.office.start(**settings)
        self.office.bot.start(SLACK_APP_TOKEN="", HTTP_PORT=str(self.port), **settings)
        self.office.slack.wait_for(self._ready, timeout=20, what="a bot that is ready")
        self.office.slack_server.use_http(f"http://127.0.0.1:{self.port}/slack/events")
        return self.office

    def open_again(self, **settings: str) -> Office:
        """After `kill -9`, on the same database."""
        self.office.bot.kill()
        if self.kind == "socket":
            return self.office.restart(**settings)
        return self.open(**settings)

    def _ready(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/readyz") as answer:
                return bool(answer.status == 200)
        except (URLError, ConnectionError):
            return False


@pytest.fixture
def door(office: Office, door_kind: str, port: int) -> Door:
    return Door(office, door_kind, port)
