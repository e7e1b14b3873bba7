"""Whether a running recording may be shown as being recorded."""

from __future__ import annotations

from typing import Any

import pytest

from recordings.model.confirmation import Doubt, Unconfirmed, unconfirmed
from recordings.model.reason import Reason
from recordings.model.recording import State
from tests.fakes.rows import a_lost_segment, a_recording, at, changed, over, up

INTERVAL = 30
CONFIRMED = up(found_at=at(100), confirmed_until=at(160))
NOT_FOUND = {"state": State.INTERRUPTED, "not_found": 1, "not_found_since": at(130)}


def doubt(seconds: float, **facts: Any) -> Doubt | None:
    result = unconfirmed(changed(CONFIRMED, **facts), at(seconds), INTERVAL)
    assert result is None or result.since == at(100), "the last confirmation"
    return result.doubt if result else None


def test_a_recording_is_confirmed_until_two_intervals_after_it_was_found() -> None:
    assert doubt(159.9) is None
    assert doubt(160) is Doubt.NO_ANSWER


def test_a_row_of_the_previous_release_is_confirmed_for_two_intervals() -> None:
    assert doubt(159.9, confirmed_until=None) is None
    assert doubt(160, confirmed_until=None) is Doubt.NO_ANSWER
    assert unconfirmed(up(), at(69), INTERVAL) is None, "it came up at 10 s, and no query found it since"
    assert unconfirmed(up(), at(70), INTERVAL) == Unconfirmed(Doubt.NO_ANSWER, at(10))


def test_a_row_that_the_previous_release_wrote_after_this_one_is_confirmed_by_its_last_answer() -> None:
    after_it = changed(CONFIRMED, found_at=at(200))

    assert unconfirmed(after_it, at(259.9), INTERVAL) is None
    assert unconfirmed(after_it, at(260), INTERVAL) == Unconfirmed(Doubt.NO_ANSWER, at(200))


def test_a_recorder_that_is_not_found_or_is_being_moved_is_unconfirmed_at_once() -> None:
    assert doubt(131, **NOT_FOUND) is Doubt.NOT_FOUND
    assert doubt(131, state=State.INTERRUPTED) is Doubt.NOT_FOUND, "a notification reported the move"


def test_rejected_credentials_make_it_unconfirmed_until_the_next_good_answer() -> None:
    rejected = {"unanswered_since": at(130), "confirmation_expired": True}

    assert doubt(131, **rejected, unanswered_reason=Reason.UNAUTHORIZED) is Doubt.REJECTED
    assert doubt(132, **rejected, unanswered_reason=Reason.AGORA_UNREACHABLE) is Doubt.NO_ANSWER


def test_an_unanswered_call_alone_is_no_doubt() -> None:
    assert doubt(131, unanswered_since=at(130), unanswered_reason=Reason.AGORA_UNREACHABLE) is None


def test_a_call_that_has_just_emptied_is_no_doubt() -> None:
    emptied = changed(CONFIRMED, **NOT_FOUND, found_empty=1)

    assert emptied.everyone_left
    assert unconfirmed(emptied, at(999), INTERVAL) is None


@pytest.mark.parametrize("state", [state for state in State if state not in (State.RECORDING, State.INTERRUPTED)])
def test_in_other_states_nothing_is_claimed(state: State) -> None:
    assert unconfirmed(a_recording(state=state), at(9999), INTERVAL) is None
    assert not over(found_empty=1).everyone_left


def test_while_a_lost_recorder_is_replaced_nothing_is_claimed() -> None:
    waiting = up(state=State.INTERRUPTED, lost_segments=(a_lost_segment(resumed_at=None),))

    assert unconfirmed(waiting, at(9999), INTERVAL) is None
