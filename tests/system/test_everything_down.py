"""A process that starts while its database is locked or missing answers commands, and works once the database is there.
Other outages: `tests/scenarios/test_everything_down.py`."""

from __future__ import annotations

import json
import sqlite3
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.error import HTTPError

import pytest

from tests.system.conftest import Stack, words

UNWRITTEN = "I couldn't save that, so nothing changed"


def readyz(port: int) -> tuple[int, dict[str, str]]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as response:
            return response.status, json.load(response)
    except HTTPError as error:
        with error:
            return error.code, json.load(error)
    except OSError:
        return 0, {}


def wait_ready(stack: Stack, port: int, *failing: str) -> None:
    """Waits until `/readyz` reports exactly these parts as failing."""

    def matches() -> bool:
        code, parts = readyz(port)
        return code == (503 if failing else 200) and {name for name, state in parts.items() if state != "ok"} == {
            *failing
        }

    stack.slack.wait_for(matches, timeout=20, what=f"{failing or 'nothing'} failing in /readyz: {readyz(port)}")


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Another program holds the write lock of the database."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def is_running(stack: Stack) -> bool:
    return stack.bot.process is not None and stack.bot.process.poll() is None


def check_start_refused(stack: Stack, name: str = "unwritten") -> None:
    """A start command is answered with an error, and Agora gets no request for it."""
    requests_before = len(stack.agora.requests("acquire"))
    reply = stack.command(f"start {name}", by="ben")
    assert UNWRITTEN in words(reply)
    assert stack.cards(agora=name) == []
    assert len(stack.agora.requests("acquire")) == requests_before
    assert is_running(stack)


def check_start_works(stack: Stack, name: str = "again") -> None:
    def started() -> bool:
        return "Starting to record" in words(stack.command(f"start {name}"))

    stack.agora.join(name, 1001)
    stack.slack.wait_for(started, timeout=20, what="a start that is accepted")
    stack.wait_card("recording", agora=name)


@pytest.mark.usefixtures("on_sqlite")
def test_if_the_database_is_locked_at_startup_commands_are_refused_until_it_is_free(stack: Stack, port: int) -> None:
    stack.start()
    stack.bot.kill()
    with locked(stack.bot.database):
        stack.restart(HTTP_PORT=str(port))
        check_start_refused(stack)
        assert readyz(port)[1]["database"] != "ok"
    check_start_works(stack)
    wait_ready(stack, port)


@pytest.mark.usefixtures("on_sqlite")
def test_if_the_database_is_missing_at_startup_commands_are_refused_until_it_exists(stack: Stack, port: int) -> None:
    folder = stack.bot.folder / "later"
    stack.start(HTTP_PORT=str(port), DATABASE_URL=f"sqlite:///{folder}/recordings.db")
    check_start_refused(stack)
    assert readyz(port)[1]["database"] != "ok"
    folder.mkdir()
    check_start_works(stack)
    wait_ready(stack, port)
