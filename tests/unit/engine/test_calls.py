"""The engine's calls at Agora: uids, and errors as values."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from engine.calls import FIRST_UID, AgoraCalls
from recordings.errors import NoAnswer
from recordings.lifecycle.actions import Acquire, PostCard, Query, Start
from recordings.model.reported import ChannelUsers
from tests.fakes.engine import Engine
from tests.fakes.rows import acquired, running, started, with_card
from tests.fakes.steps import NOT_FOUND


@pytest.fixture
def engine() -> Engine:
    return Engine()


def picked_uid(calls: AgoraCalls) -> int:
    uid = calls.pick_uid("daily").answer
    assert isinstance(uid, int)
    return uid


def test_a_recorders_uid_is_in_a_range_of_its_own_and_new_each_time(engine: Engine) -> None:
    uids = {picked_uid(engine.calls) for _ in range(200)}

    assert len(uids) == 200
    assert all(FIRST_UID <= uid < 2**32 for uid in uids)


def test_a_recorders_uid_is_taken_neither_by_people_nor_by_recorders() -> None:
    rolls = [FIRST_UID, FIRST_UID + 1, FIRST_UID + 2, FIRST_UID + 3]

    class Dice(random.Random):
        def randint(self, a: int, b: int) -> int:
            return rolls.pop(0)

    engine = Engine()
    engine.has(with_card(), started(uid=FIRST_UID))
    engine.agora.people = ChannelUsers(hosts=frozenset({FIRST_UID + 1}), audience=frozenset({FIRST_UID + 2}))
    calls = replace(engine.calls, random=Dice())

    assert picked_uid(calls) == FIRST_UID + 3


def test_without_a_user_list_the_uid_is_random(engine: Engine) -> None:
    engine.agora.answers["users"] = [NoAnswer("no answer")]

    assert picked_uid(engine.calls) >= FIRST_UID


def test_an_error_of_agora_is_returned(engine: Engine) -> None:
    engine.agora.answers["query"] = [NOT_FOUND]

    assert engine.calls.perform(Query(), running()) is NOT_FOUND


def test_a_mistake_of_the_program_is_raised(engine: Engine) -> None:
    engine.agora.answers["acquire"] = [KeyError("x")]

    with pytest.raises(KeyError):
        engine.calls.perform(Acquire(), acquired())
    with pytest.raises(ValueError, match="no call at Agora"):
        engine.calls.perform(PostCard(), acquired())
    with pytest.raises(ValueError, match="no call at Agora"):
        engine.calls.perform(Start(first=True), acquired())
