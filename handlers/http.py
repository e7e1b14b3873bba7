"""Slack over HTTP: the same listeners, behind Slack's signature."""

from __future__ import annotations

from flask import Request, Response
from slack_bolt import App
from slack_bolt.adapter.flask.handler import SlackRequestHandler


class SlackOverHttp:
    """Answers a request that Slack signed (docs.slack.dev, Verifying requests); any other with 401."""

    def __init__(self, app: App) -> None:
        self._handler = SlackRequestHandler(app)

    def __call__(self, request: Request) -> Response:
        return self._handler.handle(request)
