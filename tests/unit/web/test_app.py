"""Health and readiness over HTTP."""

from __future__ import annotations

import threading
import time
import urllib.request

import pytest
from flask.testing import FlaskClient

from web.app import web_app
from web.server import WebServer


def client_of(parts: dict[str, str]) -> FlaskClient:
    return web_app(lambda: parts).test_client()


def test_healthz_is_ok_whatever_else_is_wrong() -> None:
    answer = client_of({"slack": "not connected"}).get("/healthz")

    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_with_every_part_ok_it_is_ready() -> None:
    parts = {"slack": "ok", "database": "ok", "monitor": "ok"}
    answer = client_of(parts).get("/readyz")

    assert (answer.status_code, answer.json) == (200, parts)


@pytest.mark.parametrize("part", ["slack", "database", "monitor"])
def test_with_one_broken_part_it_is_not_ready_and_names_it(part: str) -> None:
    parts = {"slack": "ok", "database": "ok", "monitor": "ok"} | {part: "broken"}
    answer = client_of(parts).get("/readyz")

    assert (answer.status_code, answer.json) == (503, parts)


def test_slower_queries_are_shown_and_do_not_make_it_unready() -> None:
    parts = {"slack": "ok", "database": "ok", "monitor": "ok", "queries": "about every 44 s"}
    answer = client_of(parts).get("/readyz")

    assert (answer.status_code, answer.json) == (200, parts)


@pytest.mark.parametrize("path", ["/", "/static/app.py", "/agora", "/readyz/x"])
def test_other_paths_are_not_found(path: str) -> None:
    assert client_of({}).get(path).status_code == 404


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_allows_only_get(path: str) -> None:
    assert client_of({}).post(path).status_code == 405


def test_it_is_served_on_a_free_port_and_can_be_closed() -> None:
    asked = threading.Event()

    def parts() -> dict[str, str]:
        asked.set()
        return {"slack": "ok"}

    server = WebServer(web_app(parts), "127.0.0.1", 0)
    server.start()
    with urllib.request.urlopen(f"http://127.0.0.1:{port_of(server)}/readyz", timeout=60) as answer:
        assert answer.status == 200
    assert asked.is_set()
    server.close()


def test_a_server_that_never_listened_can_be_closed() -> None:
    WebServer(web_app(dict), "127.0.0.1", 0).close()


def port_of(server: WebServer) -> int:
    """Waits until it listens; the test's timeout ends a wait in vain."""
    while server._server is None:
        time.sleep(0.01)
    return int(server._server.effective_port)  # type: ignore[attr-defined]
