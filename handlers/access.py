"""Asks `Access` before a listener does anything, and tells people why they may not do something."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog

from handlers.requests import SlackRequest
from messages import replies
from messages.blocks import Message
from messages.config import MessageConfig
from recordings.model.requester import Requester
from recordings.service.access import Access, Action, ChannelNotAllowed, NotAllowed

_GET_LINKS, _START_OR_STOP = "get recordings", "start or stop recordings"
_log = structlog.get_logger(__name__)
_Request = TypeVar("_Request", bound=SlackRequest)
_Reply = TypeVar("_Reply")


@dataclass(frozen=True, slots=True)
class Guard:
    """Stands between the routes and the handlers, so that no handler can forget the check."""

    access: Access
    config: MessageConfig

    def answer(self, handler: Callable[[_Request], _Reply], request: _Request, action: Action) -> _Reply | Message:
        """The handler's answer, or why the requester may not do this."""
        try:
            admitted = self.access.check(request.requester, action)
            return handler(request.with_requester(admitted))
        except NotAllowed as error:
            return self._refusal(error, request.requester, action)

    def _refusal(self, error: NotAllowed, requester: Requester, action: Action) -> Message:
        _log.info("not_allowed", user=requester.id, reason=type(error).__name__)
        if isinstance(error, ChannelNotAllowed):
            return replies.channel_not_allowed(str(error), error.patterns, self.config.support_contact)
        return replies.only_members(_GET_LINKS if action is Action.GET_LINKS else _START_OR_STOP)
