"""An unwanted recorder's steps."""

from __future__ import annotations

from recordings.model.recording import State
from recordings.model.reported import RecorderStatus
from tests.fakes.engine import Engine
from tests.fakes.rows import coming_up, running
from tests.fakes.steps import NOT_FOUND


def test_an_unwanted_recorder_is_stepped_until_it_is_gone() -> None:
    engine = Engine()
    engine.has(coming_up(state=State.FAILED), running(wanted=False))
    engine.agora.answers["query"] = [RecorderStatus(6), NOT_FOUND]
    engine.lives(30)

    assert engine.recorder().gone_at is not None
    assert [name for name, _ in engine.agora.calls] == ["stop", "query", "query"]
