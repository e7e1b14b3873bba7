"""The checks of the database and of the recorders in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from storage.database import Database
from storage.recorders import write
from tests.fakes.rows import NOW, running, started
from tests.unit.doctor.bench import Bench


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


def with_recorders(bench: Bench, *ids: str) -> None:
    database = Database(bench.url)
    database.migrate()
    with database.write() as connection:
        for key in ids:
            write(connection, running(id=key, wanted=key != "unwanted"))
        write(connection, started(id="gone", wanted=False, gone_at=NOW))
    database.close()


def test_a_database_that_can_not_be_opened_is_a_failure(bench: Bench, tmp_path: Path) -> None:
    bench.url = f"sqlite:///{tmp_path / 'nowhere' / 'recordings.db'}"

    assert list(bench.failures()) == ["database"]
    assert "DATABASE_URL" in bench.failures()["database"]


def test_the_command_line_makes_the_tables(bench: Bench) -> None:
    assert bench.results()["database"].ok
    assert rows(bench.url, "SELECT count(*) FROM alembic_version") == 1


def test_the_trial_write_leaves_no_row(bench: Bench) -> None:
    bench.results()

    assert rows(bench.url, "SELECT count(*) FROM requests") == 0


def test_a_running_bot_makes_no_tables_and_names_the_missing_revision(bench: Bench) -> None:
    bench.migrate = False

    assert "revision None" in bench.failures()["database"]
    assert rows(bench.url, "SELECT count(*) FROM sqlite_master") == 0


def test_a_running_bot_accepts_the_tables_that_are_there(bench: Bench) -> None:
    bench.results()
    bench.migrate = False

    assert bench.failures() == {}


@pytest.mark.parametrize("migrate", [True, False])
def test_a_database_of_a_newer_version_is_a_failure(bench: Bench, migrate: bool) -> None:
    bench.results()
    change(bench.url, "UPDATE alembic_version SET version_num = '9999'")
    bench.migrate = migrate

    assert "newer version" in bench.failures()["database"]


def test_a_database_that_can_not_be_written_to_is_a_failure(bench: Bench) -> None:
    bench.results()
    bench.migrate = False
    change(bench.url, "DROP TABLE requests")

    failures = bench.failures()

    assert list(failures) == ["database"]
    assert "DATABASE_URL" in failures["database"]


def test_recorders_that_are_not_gone_count_against_the_limit(bench: Bench) -> None:
    with_recorders(bench, "one", "unwanted")
    bench.max_recorders = 3

    assert bench.results()["own recorders"].detail == "2 of 3 that Agora allows (MAX_RECORDERS)"


@pytest.mark.parametrize("most", [1, 2])
def test_as_many_recorders_as_agora_allows_are_a_failure(bench: Bench, most: int) -> None:
    with_recorders(bench, "one", "unwanted")
    bench.max_recorders = most

    failures = bench.failures()

    assert list(failures) == ["own recorders"]
    assert failures["own recorders"].startswith(f"2 run, and Agora allows {most} (MAX_RECORDERS)")
    assert "Stop some recordings" in failures["own recorders"]
