"""The Flask app: `/healthz`, `/readyz`, `/metrics`, `/slack/events` where Slack comes over HTTP, and `/agora/webhook`
where Agora's notifications have a secret."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, Request, Response, jsonify, request

Readiness = Callable[[], dict[str, str]]
"""Each part by name: `ok`, or in a few words what is wrong with it."""


NOTES = frozenset({"queries"})
"""What readiness tells beside the parts, and what does not make it unready."""

Metrics = Callable[[], bytes]
"""What `/metrics` answers, in Prometheus' text format."""

SlackEvents = Callable[[Request], Response]
"""Answers one of Slack's signed requests."""

AgoraWebhook = Callable[[Request], Response]
"""Answers one of Agora's signed notifications."""

LONGEST_BODY = 1_000_000
"""Bytes. Slack's longest payloads, those with a whole view in them, are a few hundred thousand."""


def web_app(
    readiness: Readiness,
    slack_events: SlackEvents | None = None,
    metrics: Metrics | None = None,
    webhook: AgoraWebhook | None = None,
) -> Flask:
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LONGEST_BODY

    @app.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="ok")

    @app.get("/readyz")
    def readyz() -> tuple[Response, int]:
        parts = readiness()
        ready = all(state == "ok" for name, state in parts.items() if name not in NOTES)
        return jsonify(parts), 200 if ready else 503

    if metrics is not None:

        @app.get("/metrics")
        def scrape() -> Response:
            return Response(metrics(), content_type="text/plain; version=0.0.4; charset=utf-8")

    if slack_events is not None:

        @app.post("/slack/events")
        def events() -> Response:
            request.get_data(cache=True)
            return slack_events(request)

    if webhook is not None:

        @app.post("/agora/webhook")
        def notified() -> Response:
            return webhook(request)

    return app
