"""Lets through who may; anybody else reads why not, and nothing is asked for in their name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog

from handlers.commands.parser import changes_something
from messages import replies
from messages.blocks import Message
from recordings.service.access import Access, ChannelNotAllowed, NotAllowed, Requester

START_OR_STOP, GET_LINKS = "start or stop recordings", "get links to recordings"
_log = structlog.get_logger(__name__)
_Reply = TypeVar("_Reply")


@dataclass(frozen=True, slots=True)
class Gate:
    """Stands before the listeners, so that none of them can forget to ask."""

    rights: Access

    def command(self, answer: Callable[[dict[str, Any]], _Reply], command: dict[str, Any]) -> _Reply | Message:
        """The answer to a command; some are for everybody."""
        try:
            if changes_something(command.get("text") or ""):
                self.rights.check(_who_typed(command))
            return answer(command)
        except NotAllowed as error:
            return _refusal(error, START_OR_STOP, command.get("user_id"))

    def press(
        self, answer: Callable[[dict[str, Any]], _Reply], body: dict[str, Any], doing: str = START_OR_STOP
    ) -> _Reply | Message:
        """The answer to a press or a form."""
        try:
            self.rights.check(_who_pressed(body))
            return answer(body)
        except NotAllowed as error:
            return _refusal(error, doing, body["user"]["id"])


def _refusal(error: NotAllowed, doing: str, user: str | None) -> Message:
    _log.info("not_allowed", user=user, reason=type(error).__name__)
    if isinstance(error, ChannelNotAllowed):
        return replies.channel_not_allowed(str(error), error.patterns)
    return replies.only_members(doing)


def _who_typed(command: dict[str, Any]) -> Requester:
    team, organisation = command.get("team_id") or "", command.get("enterprise_id") or ""
    return Requester(command["user_id"], frozenset({team, organisation} - {""}), team)


def _who_pressed(body: dict[str, Any]) -> Requester:
    """In a shared channel `user.team_id` and `team.id` may differ; in an organisation the first is the organisation's
    (docs.slack.dev, block_actions payload)."""
    user, team = body["user"], (body.get("team") or {}).get("id") or ""
    organisation = (body.get("enterprise") or {}).get("id") or ""
    told = {user["team_id"]} if user.get("team_id") else {team, organisation}
    return Requester(user["id"], frozenset(told - {""}), team)
