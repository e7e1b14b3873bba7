"""Health for machines."""

from __future__ import annotations

import threading
import urllib.request

import pytest
from flask.testing import FlaskClient

from web.app import web_app
from web.server import WebServer


def asking(parts: dict[str, str]) -> FlaskClient:
    return web_app(lambda: parts).test_client()


def test_while_the_process_lives_it_is_healthy_whatever_else_is_wrong() -> None:
    answer = asking({"slack": "not connected"}).get("/healthz")

    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_with_every_part_well_it_is_ready() -> None:
    parts = {"slack": "ok", "database": "ok", "monitor": "ok"}
    answer = asking(parts).get("/readyz")

    assert (answer.status_code, answer.json) == (200, parts)


@pytest.mark.parametrize("part", ["slack", "database", "monitor"])
def test_with_one_part_not_well_it_is_not_ready_and_names_it(part: str) -> None:
    parts = {"slack": "ok", "database": "ok", "monitor": "ok"} | {part: "broken"}
    answer = asking(parts).get("/readyz")

    assert (answer.status_code, answer.json) == (503, parts)


def test_stretched_queries_are_told_and_it_is_ready_all_the_same() -> None:
    parts = {"slack": "ok", "database": "ok", "monitor": "ok", "queries": "about every 44 s"}
    answer = asking(parts).get("/readyz")

    assert (answer.status_code, answer.json) == (200, parts)


@pytest.mark.parametrize("path", ["/", "/static/app.py", "/agora", "/readyz/x"])
def test_anything_else_is_not_there(path: str) -> None:
    assert asking({}).get(path).status_code == 404


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_is_only_read(path: str) -> None:
    assert asking({}).post(path).status_code == 405


def test_it_is_served_on_a_free_port_and_can_be_closed() -> None:
    asked = threading.Event()

    def parts() -> dict[str, str]:
        asked.set()
        return {"slack": "ok"}

    server = WebServer(web_app(parts), "127.0.0.1", 0)
    server.start()
    with urllib.request.urlopen(f"http://127.0.0.1:{port_of(server)}/readyz", timeout=10) as answer:
        assert answer.status == 200
    assert asked.is_set()
    server.close()


def test_one_that_never_listened_can_be_closed() -> None:
    WebServer(web_app(dict), "127.0.0.1", 0).close()


def port_of(server: WebServer) -> int:
    """Waits until it listens."""
    done = threading.Event()
    while server._server is None:
        done.wait(0.01)
    return int(server._server.effective_port)  # type: ignore[attr-defined]
