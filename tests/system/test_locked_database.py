"""While another process holds SQLite's write lock, people read that nothing was stored, and can repeat it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.system.conftest import Stack, words

pytestmark = pytest.mark.usefixtures("on_sqlite")


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Holds the write lock."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def test_a_press_that_cannot_be_stored_is_answered_so_and_starts_nothing(stack: Stack) -> None:
    stack.start()
    stack.recording()
    stack.command("stop")
    card = stack.wait_card("ended", reason="stopped")
    ben = stack.slack.person("ben")
    with locked(stack.bot.database):
        failed = ben.choose(card, "more", "Record again")
        stack.slack.wait_for(lambda: failed.answers, what="the reason")
    assert "I couldn't save that, so nothing changed" in words(failed)
    again = ben.choose(card, "more", "Record again")
    stack.slack.wait_for(lambda: again.answers, what="an answer")
    assert "Starting to record" in words(again)
    stack.slack.wait_for(lambda: len(stack.cards()) == 2, timeout=20, what="a second card")
    stack.wait_card("recording")


def test_a_form_that_cannot_be_stored_stays_open_with_its_values_and_says_so(stack: Stack) -> None:
    stack.start()
    ana = stack.slack.person("ana")
    stack.command("")
    view = stack.slack.wait_for(lambda: ana.modal, what="an open form")
    assert view is not None
    with locked(stack.bot.database):
        failed = ana.submit(view, {"channel": "weekly", "length": "45m"})
    assert "couldn't save that" in failed.errors["channel"]
    assert "Error" in failed.errors["channel"]
    assert view.open
    ana.submit(view)
    stack.wait_card("recording", agora="weekly")
    assert not view.open
