"""Starting and stopping a bot: a stop that comes while the parts start."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from apscheduler.schedulers.base import BaseScheduler

from composition import running
from composition.running import Running
from engine.ticker import scheduler_for


class Part:
    """Any other part: it starts and stops at once, and counts."""

    problem = ""
    connected = True

    def __init__(self) -> None:
        self.started = 0

    def start(self) -> None:
        self.started += 1

    def close(self) -> None: ...
    def resign(self) -> None: ...
    def drain(self, seconds: float) -> None: ...

    def epoch(self) -> int | None:
        return 1


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setattr(running, "migrate_when_possible", lambda database, on_failure: None)
    names = ("web", "identity", "database", "socket", "dispatcher", "leadership")
    return {name: Part() for name in names}


def test_a_stop_while_the_scheduler_starts_waits_for_its_thread(
    parts: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    scheduler = scheduler_for(lambda: None)
    bot = Running(**parts, scheduler=scheduler)
    stopping = threading.Thread(target=bot.stop)
    starts = BaseScheduler.start

    def start_slowly(self: BaseScheduler, *arguments: Any, **options: Any) -> None:
        starts(self, *arguments, **options)  # From here on the scheduler counts as running, and has no thread yet.
        stopping.start()
        stopping.join(0.2)

    monkeypatch.setattr(BaseScheduler, "start", start_slowly)
    failures: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", failures.append)
    bot.start()
    stopping.join()

    assert failures == []
    assert not scheduler.running


def test_a_bot_that_was_stopped_before_its_tables_were_made_starts_no_work(parts: dict[str, Any]) -> None:
    scheduler = scheduler_for(lambda: None)
    bot = Running(**parts, scheduler=scheduler)
    bot.stop()
    bot.start()

    assert parts["dispatcher"].started == 0
    assert not scheduler.running


def test_a_bot_is_ready_once_it_is_known_connected_and_leads(
    parts: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = Running(**parts, scheduler=scheduler_for(lambda: None))
    assert bot.is_ready
    for name, attribute, value in (
        ("identity", "problem", "not asked yet"),
        ("socket", "connected", False),
        ("leadership", "epoch", lambda: None),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(parts[name], attribute, value)
            assert not bot.is_ready, name
