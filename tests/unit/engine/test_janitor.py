"""Once at start and once an hour: is a recorder of ours in a channel that should be gone?"""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.calls import FIRST_UID
from engine.janitor import Janitor
from recordings.errors import NoAnswer, StorageUnavailable
from recordings.model.recorder import Recorder
from recordings.model.recording import State
from recordings.model.reported import ChannelUsers
from tests.fakes.rows import NOW, UID, at, running, up
from tests.unit.engine.test_steps import Engine


class Round(Engine):
    def __init__(self) -> None:
        super().__init__()
        self.janitor = Janitor(self.recorders, self.calls, self.clock)

    def knows(self, *recorders: Recorder) -> None:
        self.has(up(next_step_at=at(1e6)), *recorders)

    def checks(self) -> None:
        for key in [key for key, moment in self.janitor.due() if moment <= self.clock.now()]:
            self.janitor.run(key, self.epoch)

    def due(self) -> list[tuple[str, float]]:
        return [(key, (moment - NOW).total_seconds()) for key, moment in self.janitor.due()]


@pytest.fixture
def round_() -> Round:
    return Round()


GONE = running(wanted=False, gone_at=NOW)


def test_one_that_came_back_is_thrown_out(round_: Round) -> None:
    round_.knows(GONE)
    round_.agora.people = ChannelUsers(hosts=frozenset({1000, UID}))
    round_.checks()

    assert round_.agora.made("throw_out") == [("daily", UID)]


def test_one_that_came_back_under_the_uid_that_agora_gave_it_is_thrown_out_by_that(round_: Round) -> None:
    round_.knows(running(wanted=False, gone_at=NOW, moved_uid=77))
    round_.agora.people = ChannelUsers(hosts=frozenset({1000, 77}))
    round_.checks()

    assert round_.agora.made("throw_out") == [("daily", 77)]


@pytest.mark.parametrize("recorder", [running(), running(wanted=False)])
def test_one_that_is_not_gone_is_left_to_its_steps(round_: Round, recorder: Recorder) -> None:
    round_.knows(recorder)
    round_.agora.people = ChannelUsers(hosts=frozenset({UID}))
    round_.checks()

    assert round_.agora.made("throw_out") == []


def test_people_and_recorders_that_nobody_knows_are_left_alone(round_: Round) -> None:
    round_.knows(GONE)
    round_.agora.people = ChannelUsers(hosts=frozenset({1000, FIRST_UID + 5}))
    round_.checks()

    assert round_.agora.made("throw_out") == []


def test_one_whose_files_are_looked_for_comes_back_no_more_than_any_other(round_: Round) -> None:
    looked_for = up(state=State.UPLOADING, files_awaited=True, ended_at=NOW, next_step_at=at(1e6))
    round_.has(looked_for, GONE)
    round_.agora.people = ChannelUsers(hosts=frozenset({UID}))
    round_.checks()

    assert round_.agora.made("throw_out") == [("daily", UID)]
    assert round_.row == looked_for


def test_it_looks_at_once_then_every_hour(round_: Round) -> None:
    round_.knows(GONE)
    assert round_.due() == [("daily", 0)]
    round_.checks()
    assert round_.due() == [("daily", 3600)]


def test_a_channel_that_was_first_recorded_later_is_looked_at_an_hour_after(round_: Round) -> None:
    round_.janitor.due()
    round_.knows(GONE)

    assert round_.due() == [("daily", 3600)]


@pytest.mark.parametrize("call", ["users", "throw_out"])
def test_where_agora_does_not_answer_it_looks_again_in_a_minute(round_: Round, call: str) -> None:
    round_.knows(GONE)
    round_.agora.people = ChannelUsers(hosts=frozenset({UID}))
    round_.agora.answers[call] = [NoAnswer("no answer")]
    round_.checks()

    assert round_.due() == [("daily", 60)]


def test_a_channel_that_was_not_recorded_for_a_day_is_forgotten(round_: Round) -> None:
    round_.knows(GONE)
    round_.checks()
    round_.clock.passes(26 * 3600)

    assert round_.due() == []


def test_looks_at_many_channels_are_spread_so_that_queries_need_not_wait(round_: Round) -> None:
    round_.janitor.spacing = timedelta(seconds=2)
    for name in ("a", "b", "c"):
        known = running(id=f"{name}.1", recording_id=name, agora_channel=name)
        round_.has(up(id=name, agora_channel=name, recorder_id=known.id, next_step_at=at(1e6)), known)

    assert sorted(seconds for _, seconds in round_.due()) == [0, 2, 4]
    assert sorted(seconds for _, seconds in round_.due()) == [0, 2, 4]


def test_where_the_database_is_away_at_the_first_look_it_looks_again(
    round_: Round, monkeypatch: pytest.MonkeyPatch
) -> None:
    round_.knows(running())
    with monkeypatch.context() as away:
        away.setattr(round_.recorders, "channels", _is_away)
        with pytest.raises(StorageUnavailable):
            round_.due()

    assert round_.due() == [("daily", 0)]


def _is_away(since: object) -> None:
    raise StorageUnavailable("database is locked")
