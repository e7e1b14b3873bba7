"""While Slack, Agora, the database or the disk is down, the process keeps running, does what it can, and says what it
can't do."""

from __future__ import annotations

import json
import re
import shutil
import signal
import sqlite3
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.error import HTTPError

import pytest

from tests.system.conftest import Stack, payload, words

UNWRITTEN = "I can't write anything down just now"
PAUSE_SECONDS = 2.5


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


def fill(filler: Path) -> None:
    with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
        file.writelines(b"0" * 4096 for _ in range(10_000))


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
        return "Asking Agora" in words(stack.command(f"start {name}"))

    stack.agora.join(name, 1001)
    stack.slack.wait_for(started, timeout=20, what="a start that is accepted")
    stack.wait_card("recording", agora=name)


def test_if_slack_is_down_at_startup_recordings_are_polled_and_alerts_wait(stack: Stack, port: int) -> None:
    stack.start()
    stack.recording()
    stack.bot.kill()
    stack.slack.down()
    stack.bot.start(HTTP_PORT=str(port))
    stack.after_queries(3)
    wait_ready(stack, port, "slack")
    stack.agora.crash("daily")
    stack.slack.wait_for(lambda: "alert_deferred" in stack.bot.log, timeout=20, what="an alert that waits")
    assert stack.alerts() == []
    stack.slack.up()
    stack.wait_alert("recording_failed", "crashed", timeout=30)
    stack.wait_card("failed", reason="crashed")
    wait_ready(stack, port)
    assert stack.alert_kinds() == [("recording_failed", "crashed")]


def test_if_agora_is_down_at_startup_commands_are_answered_and_one_warning_is_sent(stack: Stack, port: int) -> None:
    stack.start()
    card = stack.recording()
    stack.bot.kill()
    stack.agora.down()
    stack.restart(HTTP_PORT=str(port))
    stack.command("start second", by="ben")
    stack.wait_alert("recording_warning", "agora_unreachable")
    stack.wait_card("failed", reason="unavailable", agora="second")
    wait_ready(stack, port)
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


@pytest.mark.usefixtures("on_sqlite")
def test_no_recording_is_lost_while_the_database_is_locked(stack: Stack, port: int) -> None:
    stack.start(HTTP_PORT=str(port))
    card = stack.recording()
    with locked(stack.bot.database):
        check_start_refused(stack)
        wait_ready(stack, port, "database")
        assert payload(card)["agora_channel"] in words(stack.command("status"))
    check_start_works(stack)
    wait_ready(stack, port)
    stack.after_queries(3, "daily")
    assert payload(card)["state"] == "recording"
    assert [recorder.sid for recorder in stack.agora.running("daily")] == [payload(card)["sid"]]
    assert stack.alerts() == []


@pytest.mark.usefixtures("on_sqlite")
def test_with_a_read_only_database_starts_are_refused(stack: Stack, port: int) -> None:
    stack.start()
    card = stack.recording()
    stack.bot.kill()
    stack.restart(HTTP_PORT=str(port), DATABASE_URL=f"sqlite:///file:{stack.bot.database}?mode=ro&uri=true")
    check_start_refused(stack)
    wait_ready(stack, port, "database")
    assert payload(card)["agora_channel"] in words(stack.command("status"))
    stack.bot.kill()
    stack.restart()
    check_start_works(stack)
    assert len(stack.agora.running()) == 2


def test_on_a_full_disk_starts_are_refused_and_recordings_continue(disk: Path, stack: Stack, port: int) -> None:
    stack.start(HTTP_PORT=str(port), DATABASE_URL=f"sqlite:///{disk}/recordings.db")
    card = stack.recording()
    filler = disk / "filler"
    fill(filler)
    wait_ready(stack, port, "database")
    check_start_refused(stack)
    filler.unlink()
    check_start_works(stack)
    wait_ready(stack, port)
    stack.after_queries(3, "daily")
    assert payload(card)["state"] == "recording"
    assert stack.alerts() == []


def test_after_a_pause_of_the_bot_each_channel_gets_one_warning_and_each_card_a_line(stack: Stack) -> None:
    stack.room("weekly")
    stack.start()
    cards = [stack.recording("daily"), stack.recording("standup"), stack.recording("weekly", channel="weekly")]
    assert stack.bot.process is not None
    stack.bot.process.send_signal(signal.SIGSTOP)
    stopped_at = time.monotonic()
    stack.slack.wait_for(lambda: time.monotonic() > stopped_at + PAUSE_SECONDS, timeout=10)
    stack.bot.process.send_signal(signal.SIGCONT)
    both = ("daily", "weekly")
    stack.slack.wait_for(lambda: all(stack.alerts(channel, unwatched=True) for channel in both), timeout=20)
    stack.slack.wait_for(lambda: all("nobody watched" in card.said for card in cards), timeout=20)
    stack.after_queries(9)
    for channel, card in (("daily", cards[0]), ("weekly", cards[2])):
        alerts = stack.alerts(channel, unwatched=True)
        assert [payload(alert)["reason"] for alert in alerts] == ["unwatched"]
        assert alerts[0].thread_ts == card.ts
        assert alerts[0].broadcast
    for card in cards:
        line = next(line for line in card.said.splitlines() if "nobody watched" in line)
        from_time, to_time = (int(moment) for moment in re.findall(r"<!date\^(\d+)", line))
        assert PAUSE_SECONDS - 1.5 <= to_time - from_time <= 15
        assert payload(card)["state"] == "recording"
