"""The lines about the database and the recorders in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from storage.database import Database
from storage.recorders import write
from tests.fakes.rows import NOW, running, started
from tests.unit.doctor.desk import Desk


def change(url: str, statement: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def rows(url: str, statement: str) -> int:
    engine = create_engine(url)
    with engine.connect() as connection:
        count: int = connection.execute(text(statement)).scalar_one()
    engine.dispose()
    return count


def with_recorders(desk: Desk, *ids: str) -> None:
    database = Database(desk.url)
    database.migrate()
    with database.write() as connection:
        for key in ids:
            write(connection, running(id=key, wanted=key != "unwanted"))
        write(connection, started(id="gone", wanted=False, gone_at=NOW))
    database.close()


def test_a_database_that_cannot_be_opened_is_named(desk: Desk, tmp_path: Path) -> None:
    desk.url = f"sqlite:///{tmp_path / 'nowhere' / 'recordings.db'}"

    assert list(desk.wrong()) == ["database"]
    assert "DATABASE_URL" in desk.wrong()["database"]


def test_the_tables_are_made_from_the_command_line(desk: Desk) -> None:
    assert desk.lines()["database"].ok
    assert rows(desk.url, "SELECT count(*) FROM alembic_version") == 1


def test_nothing_that_was_tried_is_left_in_it(desk: Desk) -> None:
    desk.lines()

    assert rows(desk.url, "SELECT count(*) FROM requests") == 0


def test_a_bot_that_runs_makes_no_tables_and_says_what_is_missing(desk: Desk) -> None:
    desk.migrate = False

    assert "revision None" in desk.wrong()["database"]
    assert rows(desk.url, "SELECT count(*) FROM sqlite_master") == 0


def test_a_bot_that_runs_finds_the_tables_that_it_made_at_its_start(desk: Desk) -> None:
    desk.lines()
    desk.migrate = False

    assert desk.wrong() == {}


@pytest.mark.parametrize("migrate", [True, False])
def test_a_database_of_a_newer_version_is_told(desk: Desk, migrate: bool) -> None:
    desk.lines()
    change(desk.url, "UPDATE alembic_version SET version_num = '9999'")
    desk.migrate = migrate

    assert "newer version" in desk.wrong()["database"]


def test_a_database_that_takes_no_writing_is_named(desk: Desk) -> None:
    desk.lines()
    desk.migrate = False
    change(desk.url, "DROP TABLE requests")

    found = desk.wrong()

    assert list(found) == ["database"]
    assert "DATABASE_URL" in found["database"]


def test_the_recorders_that_are_not_gone_are_counted_against_the_limit(desk: Desk) -> None:
    with_recorders(desk, "one", "unwanted")
    desk.max_recorders = 3

    assert desk.lines()["own recorders"].detail == "2 of 3 that Agora allows (MAX_RECORDERS)"


@pytest.mark.parametrize("most", [1, 2])
def test_as_many_recorders_as_agora_allows_are_a_fault_with_what_to_do(desk: Desk, most: int) -> None:
    with_recorders(desk, "one", "unwanted")
    desk.max_recorders = most

    found = desk.wrong()

    assert list(found) == ["own recorders"]
    assert found["own recorders"].startswith(f"2 run, and Agora allows {most} (MAX_RECORDERS)")
    assert "Stop what is not needed" in found["own recorders"]
