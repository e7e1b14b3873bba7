"""Slack, Agora, the database, the disk, the bot itself: whatever is away, the process lives, does what it can, and says
so."""

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
    """A disk of its own, small enough to be filled."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    if (
        mount is None
        or subprocess.run([mount, "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], check=False).returncode
    ):
        pytest.skip("needs the right to mount a tmpfs")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)  # noqa: S607 - where mount was found, so is umount


def readyz(port: int) -> tuple[int, dict[str, str]]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        with error:
            return error.code, json.load(error)
    except OSError:
        return 0, {}


def wait_ready(stack: Stack, port: int, *wrong: str) -> None:
    """Until exactly these parts are not ok."""

    def fits() -> bool:
        code, parts = readyz(port)
        return code == (503 if wrong else 200) and {name for name, state in parts.items() if state != "ok"} == {*wrong}

    stack.slack.wait_for(fits, timeout=20, what=f"{wrong or 'nothing'} named by /readyz: {readyz(port)}")


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Another program writes, and does not come to an end."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def fill(filler: Path) -> None:
    with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
        file.writelines(b"0" * 4096 for _ in range(10_000))


def alive(stack: Stack) -> bool:
    return stack.bot.process is not None and stack.bot.process.poll() is None


def nothing_starts(stack: Stack, name: str = "unwritten") -> None:
    """Whoever asks for a recording reads that it could not be written down, and none is started."""
    asked = len(stack.agora.requests("acquire"))
    answer = stack.command(f"start {name}", by="ben")
    assert UNWRITTEN in words(answer)
    assert stack.cards(agora=name) == []
    assert len(stack.agora.requests("acquire")) == asked
    assert alive(stack)


def records_again(stack: Stack, name: str = "again") -> None:
    def started() -> bool:
        return "Asking Agora" in words(stack.command(f"start {name}"))

    stack.agora.join(name, 1001)
    stack.slack.wait_for(started, timeout=20, what="a recording that could be written down")
    stack.wait_card("recording", agora=name)


def test_with_slack_away_at_the_start_recordings_are_watched_and_alerts_wait(stack: Stack, port: int) -> None:
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


def test_with_agora_away_at_the_start_people_are_answered_and_told_once(stack: Stack, port: int) -> None:
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
def test_with_a_locked_database_at_the_start_people_read_so_until_it_is_free(stack: Stack, port: int) -> None:
    stack.start()
    stack.bot.kill()
    with locked(stack.bot.database):
        stack.restart(HTTP_PORT=str(port))
        nothing_starts(stack)
        assert readyz(port)[1]["database"] != "ok"
    records_again(stack)
    wait_ready(stack, port)


@pytest.mark.usefixtures("on_sqlite")
def test_with_no_database_at_the_start_people_read_so_until_there_is_one(stack: Stack, port: int) -> None:
    folder = stack.bot.folder / "later"
    stack.start(HTTP_PORT=str(port), DATABASE_URL=f"sqlite:///{folder}/recordings.db")
    nothing_starts(stack)
    assert readyz(port)[1]["database"] != "ok"
    folder.mkdir()
    records_again(stack)
    wait_ready(stack, port)


@pytest.mark.usefixtures("on_sqlite")
def test_a_database_that_is_locked_for_a_while_costs_no_recording(stack: Stack, port: int) -> None:
    stack.start(HTTP_PORT=str(port))
    card = stack.recording()
    with locked(stack.bot.database):
        nothing_starts(stack)
        wait_ready(stack, port, "database")
        assert payload(card)["agora_channel"] in words(stack.command("status"))
    records_again(stack)
    wait_ready(stack, port)
    stack.after_queries(3, "daily")
    assert payload(card)["state"] == "recording"
    assert [recorder.sid for recorder in stack.agora.running("daily")] == [payload(card)["sid"]]
    assert stack.alerts() == []


@pytest.mark.usefixtures("on_sqlite")
def test_with_a_read_only_database_nothing_is_started(stack: Stack, port: int) -> None:
    stack.start()
    card = stack.recording()
    stack.bot.kill()
    stack.restart(HTTP_PORT=str(port), DATABASE_URL=f"sqlite:///file:{stack.bot.database}?mode=ro&uri=true")
    nothing_starts(stack)
    wait_ready(stack, port, "database")
    assert payload(card)["agora_channel"] in words(stack.command("status"))
    stack.bot.kill()
    stack.restart()
    records_again(stack)
    assert len(stack.agora.running()) == 2


def test_on_a_full_disk_nothing_is_started_and_what_runs_is_kept(disk: Path, stack: Stack, port: int) -> None:
    stack.start(HTTP_PORT=str(port), DATABASE_URL=f"sqlite:///{disk}/recordings.db")
    card = stack.recording()
    filler = disk / "filler"
    fill(filler)
    wait_ready(stack, port, "database")
    nothing_starts(stack)
    filler.unlink()
    records_again(stack)
    wait_ready(stack, port)
    stack.after_queries(3, "daily")
    assert payload(card)["state"] == "recording"
    assert stack.alerts() == []


def test_a_bot_that_stood_still_says_so_once_in_each_channel_and_on_the_cards(stack: Stack) -> None:
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
        told = stack.alerts(channel, unwatched=True)
        assert [payload(alert)["reason"] for alert in told] == ["unwatched"]
        assert told[0].thread_ts == card.ts
        assert told[0].broadcast
    for card in cards:
        line = next(line for line in card.said.splitlines() if "nobody watched" in line)
        begun, ended = (int(moment) for moment in re.findall(r"<!date\^(\d+)", line))
        assert PAUSE_SECONDS - 1.5 <= ended - begun <= 15
        assert payload(card)["state"] == "recording"
