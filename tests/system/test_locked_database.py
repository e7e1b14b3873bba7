"""While another process holds SQLite's write lock, people read that nothing was stored, and can repeat it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.system.conftest import Office, words

pytestmark = pytest.mark.usefixtures("on_sqlite")


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Holds the write lock."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def test_a_press_that_cannot_be_stored_is_answered_so_and_starts_nothing(office: Office) -> None:
    office.start()
    office.recording()
    office.command("stop")
    card = office.wait_card("ended", reason="stopped")
    ben = office.slack.person("ben")
    with locked(office.bot.database):
        failed = ben.press(card, "record_again")
        office.slack.wait_for(lambda: failed.answers, what="the reason")
    assert "I can't write anything down just now" in words(failed)
    again = ben.press(card, "record_again")
    office.slack.wait_for(lambda: again.answers, what="an answer")
    assert "Asking Agora" in words(again)
    office.slack.wait_for(lambda: len(office.cards()) == 2, timeout=20, what="a second card")
    office.wait_card("recording")


def test_a_form_that_cannot_be_stored_stays_open_with_its_values_and_says_so(office: Office) -> None:
    office.start()
    ana = office.slack.person("ana")
    office.command("")
    view = office.slack.wait_for(lambda: ana.modal, what="an open form")
    assert view is not None
    with locked(office.bot.database):
        failed = ana.submit(view, {"channel": "weekly", "length": "45m"})
    assert "can't write anything down" in failed.errors["channel"]
    assert "Reference" in failed.errors["channel"]
    assert view.open
    ana.submit(view)
    office.wait_card("recording", agora="weekly")
    assert not view.open
