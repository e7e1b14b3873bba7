"""Every event that Agora reports, in every order and with every actual state: how the recording ends, and exactly which
alerts are raised."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recordings.errors import NoAnswer
from recordings.lifecycle.policy import Policy
from recordings.model.notifications import Notification, NotificationEvent
from recordings.model.reason import Reason
from recordings.model.recording import State
from recordings.model.reported import ChannelUsers, RecorderStatus, StopAccepted
from tests.fakes.histories import History, Truth
from tests.fakes.notifications import exited, gap, left, moved, new_notification, picture, progress, sound, upload_error
from tests.fakes.rows import UID
from tests.fakes.steps import NOT_FOUND

EVENT_AT = 100.0
"""Seconds after the request."""
End = tuple[State, Reason | None]
Reported = list[tuple[str, str]]

ON: End = (State.RECORDING, None)
NOTHING: Reported = []
WARNED: Reported = [("recording_warning", "lost")]


@dataclass(frozen=True, slots=True)
class Case:
    """An event with its notifications, what has really happened, and the expected result."""

    notifications: Callable[[float], list[Notification]]
    truth: Truth = Truth.GOES_ON
    end: End = ON
    alerts: Sequence[tuple[str, str]] = ()
    if_never: tuple[End, Reported] = (ON, NOTHING)
    """The result if the notifications never arrive."""
    contradicted: Callable[[float], list[Notification]] = lambda at: []
    """Notifications that say the contrary, for facts that a query does not answer."""


def failed(reason: Reason) -> tuple[End, Reported]:
    return (State.FAILED, reason), [("recording_failed", str(reason))]


def ended(reason: Reason) -> tuple[End, Reported]:
    return (State.ENDED, reason), [("recording_ended", str(reason))]


def gone(
    notifications: Callable[[float], list[Notification]], result: tuple[End, Reported], truth: Truth = Truth.LEFT
) -> Case:
    if_never = ended(Reason.IDLE) if truth is Truth.EMPTY else failed(Reason.LOST)
    return Case(notifications, truth, *result, if_never=if_never)


def notifications_of_a_move(at: float) -> list[Notification]:
    return [moved(at), new_notification(NotificationEvent.STARTED, at + 31), gap(at, at + 31)]


CASES = {
    "1 upload": Case(
        lambda at: [upload_error(47, at), new_notification(NotificationEvent.WARNING, at, module=1, code=31)],
        alerts=[("recording_warning", "upload_failing")],
        contradicted=lambda at: [progress(9000, at + 1)],
    ),
    "1 fatal": Case(
        lambda at: [upload_error(65, at, module=0, level=5)],
        Truth.CRASHED,
        *failed(Reason.CRASHED),
        if_never=failed(Reason.CRASHED),
    ),
    "2": Case(lambda at: [new_notification(NotificationEvent.WARNING, at, module=1, code=32)]),
    "4": Case(
        lambda at: [
            new_notification(NotificationEvent.PLAYLIST, at, files=("SID_daily.m3u8",)),
            new_notification(NotificationEvent.STARTED, at),
        ]
    ),
    "11 normal": gone(lambda at: [exited(0, at)], ended(Reason.STOPPED_ELSEWHERE)),
    "11 abnormal": gone(lambda at: [exited(1, at)], failed(Reason.CRASHED)),
    "12": Case(notifications_of_a_move, Truth.MOVED),
    "31": Case(
        lambda at: [new_notification(NotificationEvent.UPLOADED, at, files=("SID_daily_0.mp4",)), progress(10_000, at)]
    ),
    "32": Case(lambda at: [new_notification(NotificationEvent.IN_BACKUP, at), progress(10_000, at)]),
    "33": Case(lambda at: [progress(2000, at), progress(4000, at + 1)]),
    "40": Case(lambda at: [new_notification(NotificationEvent.STARTED, at, code=0), sound(True, at)]),
    "41 nobody": gone(lambda at: [left(4, at), exited(0, at + 1)], ended(Reason.IDLE), Truth.EMPTY),
    "41 nobody, and they came back": replace(
        gone(lambda at: [left(4, at), exited(0, at + 1)], ended(Reason.IDLE)), if_never=failed(Reason.LOST)
    ),
    "41 left": gone(lambda at: [left(16, at), exited(0, at + 1)], failed(Reason.LEFT)),
    "41 signal": gone(lambda at: [left(2, at), exited(0, at + 1)], failed(Reason.LEFT)),
    "41 not initialised": gone(lambda at: [left(0, at), exited(1, at + 1)], failed(Reason.CRASHED)),
    "42 with a gap": Case(lambda at: [gap(at - 52, at), sound(True, at)]),
    "43 not heard": Case(
        lambda at: [sound(True, at - 1), sound(False, at)],
        alerts=[("recording_warning", "silent")],
        contradicted=lambda at: [sound(True, at + 1)],
    ),
    "44 not seen": Case(lambda at: [picture(True, at - 1), picture(False, at)]),
}
EVERY_CASE = pytest.mark.parametrize("case", CASES.values(), ids=CASES)
AFTER = 250.0
"""Seconds: longer than the grace period, and than the time before the silence warning."""


def play(history: History, case: Case, *, truth: Truth | None = None) -> list[Notification]:
    """Records for a while, then lets the event happen. Returns its notifications."""
    history.runs(EVENT_AT)
    assert history.end == ON
    history.set_truth(case.truth if truth is None else truth)
    return case.notifications(EVENT_AT)


def assert_ends(history: History, end: End, alerts: Sequence[tuple[str, str]]) -> None:
    """Checks the result; a recording that goes on can still be stopped."""
    assert (history.end, history.kinds) == (end, list(alerts))
    if not history.row.is_over:
        history.stop_request()
        assert (history.end, history.kinds) == ((State.ENDED, Reason.STOPPED), list(alerts))
    assert history.recorder().gone_at is not None


@EVERY_CASE
def test_notifications_that_arrive_once_and_in_time(case: Case) -> None:
    history = History()
    history.receives(play(history, case))
    history.runs(1)
    needs_cause = Reason.STOPPED_ELSEWHERE
    assert history.end == case.end or case.end[1] is needs_cause or case.truth is Truth.MOVED, "no grace period"
    history.runs(AFTER)

    assert_ends(history, case.end, case.alerts)


@EVERY_CASE
def test_notifications_that_arrive_twice_at_once_and_again_later(case: Case) -> None:
    history = History()
    notifications = play(history, case)
    history.receives(notifications + notifications)
    history.runs(8)
    history.receives(notifications)
    history.runs(AFTER)

    assert_ends(history, case.end, case.alerts)


@EVERY_CASE
def test_notifications_that_arrive_before_the_answer_to_start(case: Case) -> None:
    history = History()
    history.receives_before_the_answer_to_start(case.notifications(0), case.truth)
    history.runs(AFTER)

    assert_ends(history, case.end, case.alerts)


@EVERY_CASE
def test_notifications_that_arrive_late(case: Case) -> None:
    history = History()
    notifications = play(history, case)
    history.runs(20)
    history.receives(notifications)
    history.runs(AFTER)

    assert_ends(history, case.end, case.alerts)


@EVERY_CASE
def test_notifications_that_never_arrive(case: Case) -> None:
    history = History()
    play(history, case)
    history.runs(AFTER)

    assert_ends(history, *case.if_never)


@EVERY_CASE
def test_notifications_that_arrive_in_the_wrong_order(case: Case) -> None:
    history = History()
    for notification in reversed(play(history, case)):
        history.receives([notification])
        history.runs(1)
    history.runs(AFTER)

    assert_ends(history, case.end, case.alerts)


@EVERY_CASE
def test_notifications_that_are_not_true_end_nothing_and_raise_no_alert(case: Case) -> None:
    history = History()
    notifications = play(history, case, truth=Truth.GOES_ON)
    history.receives(case.contradicted(EVENT_AT))
    history.runs(1)
    history.receives(notifications)
    history.runs(AFTER)

    assert_ends(history, ON, NOTHING)


@EVERY_CASE
@pytest.mark.parametrize("whose", [{"sid": "OTHER"}, {"sid": "OTHER", "uid": 5, "agora_channel": "weekly"}])
def test_notifications_about_another_recording(case: Case, whose: dict[str, object]) -> None:
    history = History()
    history.receives([replace(notification, **whose) for notification in play(history, case, truth=Truth.GOES_ON)])  # type: ignore[arg-type]
    history.runs(AFTER)

    assert history.row.reported.notifications == 0
    assert_ends(history, ON, NOTHING)


@EVERY_CASE
def test_notifications_that_arrive_after_the_end(case: Case) -> None:
    history = History()
    history.runs(EVENT_AT)
    history.stop_request()
    history.receives(case.notifications(EVENT_AT + 1))
    history.runs(AFTER)

    assert_ends(history, (State.ENDED, Reason.STOPPED), NOTHING)


@EVERY_CASE
@settings(max_examples=4, deadline=None)
@given(data=st.data())
def test_any_order_and_repetition_leads_to_the_same_result(case: Case, data: st.DataObject) -> None:
    others = [gap(40, 60), progress(500, 70), sound(True, 80), upload_error(47, 85), progress(700, 90)]
    notifications = [*others, *case.notifications(EVENT_AT)]
    repeated = data.draw(st.lists(st.sampled_from(notifications), max_size=4))
    shuffled = data.draw(st.permutations([*notifications, *repeated]))
    results = []
    for sequence in (sorted(notifications, key=lambda notification: notification.order), shuffled):
        history = History()
        history.runs(EVENT_AT)
        history.set_truth(case.truth)
        for notification in sequence:
            history.receives([notification])
            history.runs(0.5)
        history.runs(AFTER)
        results.append(history.results())

    assert results[0] == results[1]


def with_replaced_recorder() -> History:
    """The first recorder is lost without any notification, people stay, and the next recorder continues."""
    history = History(Policy())
    history.agora.answers["start"] = ["SID", "SID2"]

    def is_gone() -> bool:
        return bool(history.agora.calls[-1][1].sid == "SID" and history.clock.seconds >= EVENT_AT)

    def status() -> RecorderStatus:
        if history.stopped or is_gone():
            raise NOT_FOUND
        return RecorderStatus(5)

    def stop() -> StopAccepted:
        if is_gone():
            raise NOT_FOUND
        history.stopped = True
        return StopAccepted()

    history.agora.answers["query"], history.agora.answers["stop"] = [status], [stop]
    history.runs(EVENT_AT + AFTER)
    assert (history.end, history.row.sid, history.kinds) == (ON, "SID2", WARNED)
    return history


@EVERY_CASE
@pytest.mark.parametrize("reverse", [False, True])
def test_late_notifications_about_a_recorder_that_was_lost_and_replaced(case: Case, reverse: bool) -> None:
    history = with_replaced_recorder()
    last_found = history.row.lost_segments[0].found_at
    for notification in sorted(
        case.notifications(EVENT_AT + 1), key=lambda notification: notification.order, reverse=reverse
    ):
        history.receives([notification])
        history.runs(1)
    history.runs(AFTER)

    assert (history.end, history.row.sid, history.kinds) == (ON, "SID2", WARNED)
    assert [gap.begun_at for gap in history.row.gaps][-1:] >= [last_found]
    history.stop_request()
    assert (history.end, history.kinds) == ((State.ENDED, Reason.STOPPED), WARNED)
    assert [recorder.gone_at is not None for recorder in history.memory.recorders.values()] == [True, True]


def test_streams_that_come_and_go_edit_no_card_and_raise_no_alert() -> None:
    history = History()
    history.runs(EVENT_AT)
    version = history.memory.rows["rec1"].version
    for number in range(200):
        kind = sound if number % 2 else picture
        history.receives([kind(number % 4 < 2, EVENT_AT + number / 2, uid) for uid in (0, 1000)])
        history.runs(0.5)

    assert history.memory.rows["rec1"].version == version
    assert len(history.agora.made("query")) < 15
    assert_ends(history, ON, NOTHING)


def test_notifications_about_a_recorder_that_was_given_up_do_not_change_the_recording() -> None:
    history = History()
    lost = NoAnswer("no answer in 14 s")
    history.agora.answers["start"] = [lost, lost, lost, lost, "SID"]
    history.runs(EVENT_AT)
    assert history.row.recorder_id == "rec1.2"
    first = {"sid": "FIRST", "uid": UID}
    history.receives(
        [new_notification(NotificationEvent.STARTED, 50, **first), left(16, 60, **first), exited(1, 61, **first)]
    )
    history.runs(AFTER)

    assert (history.end, history.kinds, history.row.sid) == (ON, NOTHING, "SID")


def test_a_start_is_not_repeated_once_a_notification_names_its_sid() -> None:
    history = History()

    def lost() -> str:
        history.receives([new_notification(NotificationEvent.STARTED, 1)])
        raise NoAnswer("no answer in 14 s")

    history.agora.answers["start"] = [lost]
    history.runs(EVENT_AT)

    assert (history.end, history.row.sid, len(history.agora.made("start"))) == (ON, "SID", 1)


def test_a_moved_recorder_does_not_count_as_a_person_in_the_call() -> None:
    history = History()
    history.runs(EVENT_AT)
    history.receives([moved(EVENT_AT, new_uid=77)])
    history.runs(40)
    history.set_truth(Truth.LEFT)
    history.agora.people = ChannelUsers(hosts=frozenset({77}))
    history.runs(60)

    assert_ends(history, *ended(Reason.IDLE))
