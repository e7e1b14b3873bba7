"""The Flask app: `/healthz` and `/readyz`."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, Response, jsonify

Readiness = Callable[[], dict[str, str]]
"""Each part by name: `ok`, or in a few words what is wrong with it."""


def web_app(readiness: Readiness) -> Flask:
    app = Flask(__name__, static_folder=None)

    @app.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="ok")

    @app.get("/readyz")
    def readyz() -> tuple[Response, int]:
        parts = readiness()
        return jsonify(parts), 200 if all(state == "ok" for state in parts.values()) else 503

    return app
