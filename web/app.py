"""The Flask app: `/healthz`, `/readyz` and `/metrics`; `/slack/events` in HTTP mode; `/agora/webhook` with a secret."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, Request, Response, jsonify, request

Readiness = Callable[[], dict[str, str]]
"""The state of each part by its name: `ok`, or in a few words what is wrong."""

INFORMATIONAL = frozenset({"queries"})
"""Entries of `/readyz` that do not make a replica unready."""

Metrics = Callable[[], bytes]
"""Returns the body of `/metrics`, in Prometheus' text format."""

SlackEvents = Callable[[Request], Response]
"""Answers one signed request of Slack."""

AgoraWebhook = Callable[[Request], Response]
"""Answers one signed notification of Agora."""

MAX_BODY_BYTES = 1_000_000
"""Slack's longest payloads, those that hold a whole view, are a few hundred thousand bytes."""


def web_app(
    readiness: Readiness,
    slack_events: SlackEvents | None = None,
    metrics: Metrics | None = None,
    webhook: AgoraWebhook | None = None,
) -> Flask:
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES

    @app.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="ok")

    @app.get("/readyz")
    def readyz() -> tuple[Response, int]:
        parts = readiness()
        ready = all(state == "ok" for name, state in parts.items() if name not in INFORMATIONAL)
        return jsonify(parts), 200 if ready else 503

    if metrics is not None:

        @app.get("/metrics")
        def scrape() -> Response:
            return Response(metrics(), content_type="text/plain; version=0.0.4; charset=utf-8")

    if slack_events is not None:

        @app.post("/slack/events")
        def events() -> Response:
            # Read before Flask parses the form: Slack signs the raw bytes.
            request.get_data(cache=True)
            return slack_events(request)

    if webhook is not None:

        @app.post("/agora/webhook")
        def notification() -> Response:
            return webhook(request)

    return app
