"""`/record doctor`: for admins, whether everything is set up as it should be, and whether this channel can be used."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from handlers.posting import PostHere, post_here
from messages import findings, replies
from messages.findings import Finding
from messages.text import Message, plain

_ADMIN = ("is_admin", "is_owner", "is_primary_owner")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Doctor:
    """Answers the command. It takes seconds: acknowledge first. `look` is what `bot.py check` looks at."""

    client: WebClient
    look: Callable[[], Sequence[Finding]]
    bot_name: Callable[[], str]
    _looking: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, command: dict[str, Any]) -> Message:
        """The reply to a slash command as Slack sent it, for the person alone."""
        refusal = self._refusal(command["user_id"])
        if refusal is not None:
            return refusal
        if not self._looking.acquire(blocking=False):
            return replies.text("I am looking already, for somebody else. Ask again in a few seconds.")
        try:
            here: PostHere = post_here(self.client, command["channel_id"], self.bot_name())
            found = [*self.look(), here]
        finally:
            self._looking.release()
        wrong = [finding.what for finding in found if not finding.ok]
        _log.info("doctor", user=command["user_id"], wrong=wrong)
        return findings.report(found)

    def _refusal(self, user: str) -> Message | None:
        try:
            person = self.client.users_info(user=user)["user"]
        except SlackApiError as error:
            return _unknown(str(error.response.get("error")))
        except (SlackClientError, OSError, HTTPException, ValueError) as error:
            return _unknown(type(error).__name__)
        # Who is from another company may be an admin there.
        if any(person.get(name) for name in _ADMIN) and not person.get("is_stranger"):
            return None
        return replies.text("Only admins and owners of this workspace may ask for that. Show them what you see.")


def _unknown(error: str) -> Message:
    if error == "missing_scope":
        return replies.text(
            "I can't tell whether you are an admin of this workspace: the app lacks the scope `users:read`. Whoever set"
            " me up can add it under OAuth & Permissions and install the app again, or run `bot.py check`."
        )
    return replies.text(
        f"Slack does not tell me just now whether you are an admin of this workspace ({plain(error, 80)}). Try again,"
        " or have `bot.py check` run where I run."
    )
