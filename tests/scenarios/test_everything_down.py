"""While Slack, Agora, the database or the disk is down, the bot keeps running, does what it can, and says what it can't
do."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from structlog.typing import EventDict

from simulator.agora import AgoraSimulator, Timing
from simulator.clock import ManualClock
from simulator.slack import SlackSimulator
from storage.database import Database
from tests.scenarios.stack import InDatabase, Stack, payload, words

UNWRITTEN = "I couldn't save that, so nothing changed"
PAUSE_SECONDS = 600
BUSY_SECONDS = 0.05
"""For a locked database in these scenarios; nobody releases the lock meanwhile."""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A mount point with a file system small enough to fill."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    if (
        mount is None
        or subprocess.run([mount, "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], check=False).returncode
    ):
        pytest.skip("needs the right to mount a tmpfs")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)  # noqa: S607 - mount is in PATH, so umount is too


@contextmanager
def on_sqlite(stack: Stack, url: str) -> Iterator[Database]:
    """The stack keeps its rows in this database."""
    database = Database(url, busy_seconds=BUSY_SECONDS)
    stack.storage = InDatabase(database)
    yield database
    database.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "recordings.db"


@pytest.fixture
def stack_on_file(slack: SlackSimulator, agora: AgoraSimulator, clock: ManualClock, file: Path) -> Iterator[Stack]:
    """A bot on a SQLite file."""
    stack = Stack(slack, agora, None, clock)
    migrate(file)
    with on_sqlite(stack, f"sqlite:///{file}"):
        yield stack


def migrate(file: Path) -> None:
    database = Database(f"sqlite:///{file}")
    database.migrate()
    database.close()


@contextmanager
def locked(stack: Stack, file: Path) -> Iterator[None]:
    """Another program holds the write lock of the database."""
    with stack.database_failing(), closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def fill(filler: Path) -> None:
    with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
        file.writelines(b"0" * 4096 for _ in range(10_000))


def check_start_refused(stack: Stack, name: str = "unwritten") -> None:
    """A start command is answered with an error, and Agora gets no request for it."""
    requests_before = len(stack.agora.requests("acquire"))
    reply = stack.command(f"start {name}", by="ben")
    assert UNWRITTEN in words(reply)
    assert stack.cards(agora=name) == []
    assert len(stack.agora.requests("acquire")) == requests_before


def check_start_works(stack: Stack, name: str = "again") -> None:
    stack.agora.join(name, 1001)
    assert "Starting to record" in words(stack.command(f"start {name}"))
    stack.wait_card("recording", agora=name)


# Longer than the interval of the queries, so that one of them sees the crash.
@pytest.mark.parametrize("agora_options", [{"timing": Timing(crash_shown=60.0)}])
def test_if_slack_is_down_at_startup_recordings_are_polled_and_alerts_wait(stack: Stack, log: list[EventDict]) -> None:
    stack.start()
    stack.recording()
    stack.slack.down()
    stack.restart()
    stack.after_queries(3)
    stack.wait_failing("slack")
    stack.agora.crash("daily")
    stack.wait_for(
        lambda: [line for line in log if line["event"] == "alert_deferred"], timeout=60, what="an alert that waits"
    )
    assert stack.alerts() == []
    stack.slack.up()
    stack.wait_alert("recording_failed", "crashed")
    stack.wait_card("failed", reason="crashed")
    stack.wait_failing()
    assert stack.alert_kinds() == [("recording_failed", "crashed")]


def test_if_agora_is_down_at_startup_commands_are_answered_and_one_warning_is_sent(stack: Stack) -> None:
    stack.start()
    card = stack.recording()
    stack.agora.down()
    stack.restart()
    stack.command("start second", by="ben")
    stack.wait_alert("recording_warning", "agora_unreachable")
    stack.wait_card("failed", reason="unavailable", agora="second")
    stack.wait_failing()
    stack.agora.up()
    stack.wait_alert("recording_recovered", "agora_unreachable")
    stack.after_queries(3)
    assert payload(card)["state"] == "recording"
    assert [recorder.sid for recorder in stack.agora.running()] == [payload(card)["sid"]]
    assert sorted(stack.alert_kinds()) == [
        ("recording_failed", "unavailable"),
        ("recording_recovered", "agora_unreachable"),
        ("recording_warning", "agora_unreachable"),
    ]


def test_no_recording_is_lost_while_the_database_is_locked(stack_on_file: Stack, file: Path) -> None:
    stack = stack_on_file.start()
    card = stack.recording()
    with locked(stack, file):
        check_start_refused(stack)
        stack.wait_failing("database")
        assert payload(card)["agora_channel"] in words(stack.command("status"))
    check_start_works(stack)
    stack.wait_failing()
    stack.after_queries(3, "daily")
    assert payload(card)["state"] == "recording"
    assert [recorder.sid for recorder in stack.agora.running("daily")] == [payload(card)["sid"]]
    assert stack.alerts() == []


def test_with_a_read_only_database_starts_are_refused(stack_on_file: Stack, file: Path) -> None:
    stack = stack_on_file.start()
    card = stack.recording()
    stack.stop()
    writable = stack.storage
    with on_sqlite(stack, f"sqlite:///file:{file}?mode=ro&uri=true") as read_only, stack.database_failing():
        # As a process does at startup; it writes nothing, because the tables are there.
        read_only.migrate()
        stack.start()
        check_start_refused(stack)
        stack.wait_failing("database")
        assert payload(card)["agora_channel"] in words(stack.command("status"))
        stack.stop()
    stack.storage = writable
    stack.start()
    check_start_works(stack)
    assert len(stack.agora.running()) == 2


def test_on_a_full_disk_starts_are_refused_and_recordings_continue(disk: Path, stack: Stack) -> None:
    file = disk / "recordings.db"
    migrate(file)
    with on_sqlite(stack, f"sqlite:///{file}"):
        stack.start()
        card = stack.recording()
        filler = disk / "filler"
        fill(filler)
        with stack.database_failing():
            stack.wait_failing("database")
            check_start_refused(stack)
        filler.unlink()
        check_start_works(stack)
        stack.wait_failing()
        stack.after_queries(3, "daily")
    assert payload(card)["state"] == "recording"
    assert stack.alerts() == []


def test_after_a_pause_of_the_bot_each_channel_gets_one_warning_and_each_card_a_line(stack: Stack) -> None:
    stack.room("weekly")
    stack.start()
    cards = [stack.recording("daily"), stack.recording("standup"), stack.recording("weekly", channel="weekly")]
    # The process is stopped as by SIGSTOP: time passes, and nothing is run.
    stack.clock.advance(PAUSE_SECONDS)
    stack.wait_for(lambda: all(stack.alerts(channel) for channel in ("daily", "weekly")), what="two warnings")
    stack.wait_for(lambda: all("I was offline" in card.said for card in cards), what="a line on each card")
    stack.after_queries(9)
    for channel, card in (("daily", cards[0]), ("weekly", cards[2])):
        (alert,) = stack.alerts(channel)
        assert payload(alert)["reason"] == "unwatched"
        assert alert.thread_ts == card.ts
        assert alert.broadcast
    for card in cards:
        line = next(line for line in card.said.splitlines() if "I was offline" in line)
        from_time, to_time = (int(moment) for moment in re.findall(r"<!date\^(\d+)", line))
        # The lease was renewed a few seconds before the pause.
        assert PAUSE_SECONDS <= to_time - from_time <= PAUSE_SECONDS + 15
        assert payload(card)["state"] == "recording"
