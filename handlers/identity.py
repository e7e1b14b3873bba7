"""Who the bot is in Slack, asked with back-off: Slack may be down when the bot starts."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from http.client import HTTPException

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

_FIRST_WAIT, _LONGEST_WAIT = 0.5, 30.0
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Bot:
    """The bot user; its name is what people type to invite it. `home`: its workspace, and its organisation."""

    user_id: str = ""
    name: str = "recorder"
    home: frozenset[str] = frozenset()


class Identity:
    """`bot` is known once Slack has told; `trouble` says why it is not, and is empty then."""

    def __init__(self, client: WebClient) -> None:
        self._client = client
        self._thread = threading.Thread(target=self._ask, name="identity", daemon=True)
        self.bot = Bot()
        self.trouble = "not asked yet"

    def start(self) -> None:
        self._thread.start()

    def _ask(self) -> None:
        wait = _FIRST_WAIT
        while self.trouble:
            try:
                answer = self._client.auth_test()
                home = frozenset(str(answer[name]) for name in ("team_id", "enterprise_id") if answer.get(name))
                self.bot = Bot(str(answer["user_id"]), str(answer["user"]), home)
                self.trouble = ""
            except SlackApiError as error:
                self.trouble = str(error.response.get("error"))
            except (SlackClientError, OSError, HTTPException, ValueError, KeyError) as error:
                self.trouble = type(error).__name__
            if self.trouble:
                _log.warning("slack_unknown", error=self.trouble, again_in=wait)
                threading.Event().wait(wait)
                wait = min(wait * 2, _LONGEST_WAIT)
        _log.info("slack_known", bot=self.bot.name)
