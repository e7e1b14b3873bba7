"""The janitor throws out recorders that should have left their channel."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.calls import FIRST_UID
from engine.janitor import Janitor
from recordings.errors import NoAnswer, StorageUnavailable
from recordings.model.recorder import Recorder
from recordings.model.recording import State
from recordings.model.reported import ChannelUsers
from tests.fakes.engine import Engine
from tests.fakes.rows import NOW, UID, at, running, up


class JanitorEngine(Engine):
    def __init__(self) -> None:
        super().__init__()
        self.janitor = Janitor(self.recorders, self.calls, self.clock)

    def knows(self, *recorders: Recorder) -> None:
        self.has(up(next_step_at=at(1e6)), *recorders)

    def visits(self) -> None:
        for key in [key for key, due_at in self.janitor.due() if due_at <= self.clock.now()]:
            self.janitor.run(key, self.epoch)

    def due(self) -> list[tuple[str, float]]:
        return [(key, (due_at - NOW).total_seconds()) for key, due_at in self.janitor.due()]


@pytest.fixture
def engine() -> JanitorEngine:
    return JanitorEngine()


GONE = running(wanted=False, gone_at=NOW)


def test_a_recorder_that_came_back_is_thrown_out(engine: JanitorEngine) -> None:
    engine.knows(GONE)
    engine.agora.people = ChannelUsers(hosts=frozenset({1000, UID}))
    engine.visits()

    assert engine.agora.made("throw_out") == [("daily", UID)]


def test_a_moved_recorder_that_came_back_is_thrown_out_by_its_new_uid(engine: JanitorEngine) -> None:
    engine.knows(running(wanted=False, gone_at=NOW, moved_uid=77))
    engine.agora.people = ChannelUsers(hosts=frozenset({1000, 77}))
    engine.visits()

    assert engine.agora.made("throw_out") == [("daily", 77)]


@pytest.mark.parametrize("recorder", [running(), running(wanted=False)])
def test_a_recorder_that_is_not_gone_is_left_to_its_steps(engine: JanitorEngine, recorder: Recorder) -> None:
    engine.knows(recorder)
    engine.agora.people = ChannelUsers(hosts=frozenset({UID}))
    engine.visits()

    assert engine.agora.made("throw_out") == []


def test_people_and_unknown_recorders_are_not_thrown_out(engine: JanitorEngine) -> None:
    engine.knows(GONE)
    engine.agora.people = ChannelUsers(hosts=frozenset({1000, FIRST_UID + 5}))
    engine.visits()

    assert engine.agora.made("throw_out") == []


def test_a_recorder_whose_files_are_awaited_is_thrown_out_too(engine: JanitorEngine) -> None:
    uploading = up(state=State.UPLOADING, files_awaited=True, ended_at=NOW, next_step_at=at(1e6))
    engine.has(uploading, GONE)
    engine.agora.people = ChannelUsers(hosts=frozenset({UID}))
    engine.visits()

    assert engine.agora.made("throw_out") == [("daily", UID)]
    assert engine.row == uploading


def test_a_channel_is_visited_at_start_and_then_every_hour(engine: JanitorEngine) -> None:
    engine.knows(GONE)
    assert engine.due() == [("daily", 0)]
    engine.visits()
    assert engine.due() == [("daily", 3600)]


def test_a_channel_recorded_after_the_start_is_visited_an_hour_later(engine: JanitorEngine) -> None:
    engine.janitor.due()
    engine.knows(GONE)

    assert engine.due() == [("daily", 3600)]


@pytest.mark.parametrize("call", ["users", "throw_out"])
def test_without_an_answer_of_agora_the_next_visit_is_a_minute_later(engine: JanitorEngine, call: str) -> None:
    engine.knows(GONE)
    engine.agora.people = ChannelUsers(hosts=frozenset({UID}))
    engine.agora.answers[call] = [NoAnswer("no answer")]
    engine.visits()

    assert engine.due() == [("daily", 60)]


def test_a_channel_without_a_recording_for_25_hours_is_forgotten(engine: JanitorEngine) -> None:
    engine.knows(GONE)
    engine.visits()
    engine.clock.passes(26 * 3600)

    assert engine.due() == []


def test_the_first_visits_of_many_channels_are_staggered(engine: JanitorEngine) -> None:
    engine.janitor.stagger = timedelta(seconds=2)
    for name in ("a", "b", "c"):
        known = running(id=f"{name}.1", recording_id=name, agora_channel=name)
        engine.has(up(id=name, agora_channel=name, recorder_id=known.id, next_step_at=at(1e6)), known)

    assert sorted(seconds for _, seconds in engine.due()) == [0, 2, 4]
    assert sorted(seconds for _, seconds in engine.due()) == [0, 2, 4]


def test_where_the_database_is_away_at_the_first_look_it_looks_again(
    engine: JanitorEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.knows(running())
    with monkeypatch.context() as away:
        away.setattr(engine.recorders, "channels", _is_away)
        with pytest.raises(StorageUnavailable):
            engine.due()

    assert engine.due() == [("daily", 0)]


def _is_away(since: object) -> None:
    raise StorageUnavailable("database is locked")
