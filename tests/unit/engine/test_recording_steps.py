"""A recording's steps: from a due row over one call to the saved result."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recordings.errors import (
    BucketDenied,
    BucketError,
    BucketUnreachable,
    BucketWrong,
    LeaseLost,
    NoAnswer,
    ServerFault,
    SlackRefused,
)
from recordings.model.alerts import AlertKind
from recordings.model.delivery import DeliveryState
from recordings.model.options import AppliedLayout, Layout, Options, Resolution
from recordings.model.reason import Reason
from recordings.model.recorder import Recorder, Target
from recordings.model.recording import State
from recordings.model.reported import ChannelUsers, RecorderStatus, StopAccepted
from tests.fakes.bucket_contents import NAME, left_by, ts_names, without
from tests.fakes.engine import Engine
from tests.fakes.intents import request_stop, set_layout
from tests.fakes.rows import (
    UID,
    a_recording,
    acquired,
    at,
    running,
    up,
    with_card,
)
from tests.fakes.steps import NOT_FOUND


@pytest.fixture
def engine() -> Engine:
    return Engine()


def choose_layout(engine: Engine, layout: Layout) -> None:
    set_layout(engine.recordings, "rec1", layout, "U2", engine.clock.now())


def test_a_chosen_layout_is_one_request(engine: Engine) -> None:
    engine.has(up(), running())
    choose_layout(engine, Layout.FLOATING)
    row = engine.step()
    engine.step()

    target = Target("daily", UID, "RES", "SID")
    assert engine.agora.made("arrange") == [(target, Layout.FLOATING, None)]
    assert engine.agora.made("users") == [], "nobody has to be large"
    assert row.applied_layout == AppliedLayout(layout=Layout.FLOATING)


def test_the_speaker_layout_waits_until_somebody_can_be_shown_large(engine: Engine) -> None:
    engine.has(up(), running())
    choose_layout(engine, Layout.SPEAKER)
    engine.step()
    assert engine.agora.made("arrange") == [], "nobody is there"

    engine.agora.people = ChannelUsers(hosts=frozenset({UID, 1000, 2000}))
    engine.lives(40)
    assert [made[1:] for made in engine.agora.made("arrange")] == [(Layout.SPEAKER, 1000)]


def test_every_try_to_start_a_recorder_sends_the_same_options(engine: Engine) -> None:
    asked = Options(layout=Layout.SPEAKER, resolution=Resolution.P1080)
    engine.agora.people = ChannelUsers(hosts=frozenset({1000}))
    engine.agora.answers["start"] = [ServerFault("busy", http_status=500), lambda: "SID"]
    engine.has(with_card(recorder_id=None, recorder_count=0, options=asked))
    for _ in range(3):
        engine.step()
    choose_layout(engine, Layout.FLOATING)
    engine.agora.people = ChannelUsers(hosts=frozenset({7}))
    engine.clock.passes(5)
    engine.step()

    assert engine.agora.asked == [(asked, 1000), (asked, 1000)]


def test_from_the_command_to_the_first_file(engine: Engine) -> None:
    engine.has(a_recording())
    engine.agora.answers["query"] = [RecorderStatus(3), RecorderStatus(4), RecorderStatus(5)]
    engine.lives(60)

    assert (engine.row.state, engine.row.first_file_at is not None) == (State.RECORDING, True)
    assert [name for name, _ in engine.agora.calls[:5]] == ["users", "acquire", "start", "query", "query"]
    assert engine.cards.posted == ["rec1"]


def test_a_step_makes_one_call(engine: Engine) -> None:
    engine.has(a_recording())
    engine.step()
    assert engine.agora.calls == [], "the card is first"
    engine.step()
    engine.step()
    assert [name for name, _ in engine.agora.calls] == ["users", "acquire"]


def test_without_a_card_agora_is_not_called(engine: Engine) -> None:
    engine.has(a_recording())
    engine.cards.error = SlackRefused("not_in_channel")
    engine.lives(60)

    assert (engine.row.state, engine.row.reason) == (State.FAILED, Reason.UNDELIVERABLE)
    assert engine.agora.calls == []


def test_a_row_that_is_not_due_is_left_alone(engine: Engine) -> None:
    engine.has(up(next_step_at=at(30)), running())
    engine.step()

    assert engine.agora.calls == []


def test_a_finished_or_missing_row_is_left_alone(engine: Engine) -> None:
    engine.has(up(state=State.ENDED), running())
    engine.step()
    engine.steps.run("nobody", engine.epoch)
    engine.clean.run("nobody", engine.epoch)

    assert engine.agora.calls == []


def test_uid_and_resource_are_saved_before_the_call_that_may_start_a_recorder(engine: Engine) -> None:
    engine.has(with_card(), acquired())
    engine.clock.passes(2)
    known: list[Recorder] = []

    def start() -> str:
        known.append(engine.recorder())
        return "SID"

    engine.agora.answers["start"] = [start]
    engine.step()

    assert [(r.uid, r.resource_id, r.start_sent_at, r.expires_at) for r in known] == [
        (UID, "RES", at(2), at(86_402)),
    ]
    assert engine.recorder().sid == "SID"


def test_calls_name_the_recorder_and_the_recordings_folder(engine: Engine) -> None:
    engine.has(with_card(), acquired())
    engine.step()
    engine.clock.passes(5)
    engine.step()

    ((target, prefix),) = engine.agora.made("start")
    assert (target.channel, target.uid, target.resource_id, prefix) == ("daily", UID, "RES", ("folder",))
    assert [queried.sid for queried in engine.agora.made("query")] == ["SID"]


def test_a_leader_succeeded_during_acquire_saves_nothing(engine: Engine) -> None:
    engine.has(with_card(), replace(acquired(), resource_id=None))
    engine.agora.answers["acquire"] = [lambda: engine.another_leads_before("RES")]

    with pytest.raises(LeaseLost):
        engine.step()

    assert engine.recorder().resource_id is None


def test_a_leader_succeeded_before_the_start_does_not_start(engine: Engine) -> None:
    engine.has(with_card(), acquired())
    engine.another_leads()

    with pytest.raises(LeaseLost):
        engine.step()

    assert engine.agora.calls == []


def test_a_sid_learnt_after_the_lease_was_lost_is_kept_as_an_unwanted_recorder(engine: Engine) -> None:
    engine.has(with_card(), acquired())
    engine.agora.answers["start"] = [lambda: engine.another_leads_before("SID")]

    with pytest.raises(LeaseLost):
        engine.step()

    assert (engine.recorder().sid, engine.recorder().wanted) == ("SID", False)
    assert engine.row.sid is None
    assert [key for key, _ in engine.recorders.due(9)] == ["rec1.1"]


def test_the_successor_ends_that_recorder_and_starts_another(engine: Engine) -> None:
    test_a_sid_learnt_after_the_lease_was_lost_is_kept_as_an_unwanted_recorder(engine)
    engine.epoch = engine.memory.epoch
    engine.agora.answers["start"] = ["SID2"]
    engine.agora.answers["query"] = [RecorderStatus(5)]
    engine.lives(10)

    assert (engine.row.state, engine.row.sid) == (State.RECORDING, "SID2")
    assert engine.recorder(1).stop_accepted_at is not None


def test_the_users_are_asked_for_when_the_answer_depends_on_them(engine: Engine) -> None:
    engine.has(up(), running())
    engine.agora.answers["query"] = [NOT_FOUND]
    engine.agora.people = ChannelUsers(hosts=frozenset({UID}))
    engine.lives(20)

    assert (engine.row.state, engine.row.reason) == (State.ENDED, Reason.IDLE), "the recorder itself does not count"


def test_without_a_user_list_nobody_counts_as_absent(engine: Engine) -> None:
    engine.has(up(), running())
    engine.agora.answers["query"] = [NOT_FOUND]
    engine.agora.answers["users"] = [ServerFault("busy", http_status=500)]
    engine.lives(20)

    assert engine.row.state is State.INTERRUPTED


def test_a_stop_requested_during_a_slow_call_is_the_next_step(engine: Engine) -> None:
    engine.has(up(), running())

    def slow() -> RecorderStatus:
        request_stop(engine.recordings, "rec1", "U2", engine.clock.now())
        return RecorderStatus(5)

    engine.agora.answers["query"] = [slow]
    assert engine.step().next_step_at == engine.clock.now(), "due at once"

    engine.step()
    engine.step()
    assert len(engine.agora.made("stop")) == 1


def test_a_recorder_whose_start_was_never_answered_is_replaced(engine: Engine) -> None:
    engine.has(with_card(), acquired())
    lost = NoAnswer("no answer in 14 s")
    engine.agora.answers["start"] = [lost, lost, lost, lost, "SID2"]
    engine.lives(200)

    assert (engine.row.state, engine.row.sid, engine.row.recorder_id) == (State.RECORDING, "SID2", "rec1.2")
    assert engine.recorder(1).gone_at is not None
    assert ("daily", UID) in engine.agora.made("throw_out")
    assert engine.recorder(2).uid != UID


# the files


def test_from_the_command_to_the_files(engine: Engine) -> None:
    engine.uploads({})
    engine.has(a_recording())
    engine.lives(40)
    request_stop(engine.recordings, "rec1", "U2", engine.clock.now())
    engine.agora.answers["query"] = [RecorderStatus(6), NOT_FOUND]
    engine.lives(60)
    assert (engine.row.state, engine.row.files_awaited, engine.alerts_raised) == (State.UPLOADING, True, [])
    engine.uploads(without(left_by(), f"{NAME}_0.mp4"))
    engine.lives(30)
    assert engine.row.state is State.UPLOADING
    engine.uploads(left_by())
    engine.lives(60)

    assert (engine.row.state, engine.row.reason, engine.row.is_complete) == (State.ENDED, Reason.STOPPED, True)
    assert engine.alerts_raised == [("recording_files", None)]
    assert engine.row.delivery is not None
    assert [part.key for part in engine.row.delivery.media_files] == [f"folder/{NAME}_0.mp4"]


def test_agora_is_not_called_while_files_are_awaited(engine: Engine) -> None:
    engine.uploads({})
    engine.has(up(state=State.STOPPING, stop_reason=Reason.STOPPED), running())
    engine.agora.answers["query"] = [NOT_FOUND]
    engine.lives(20)
    asked = len(engine.agora.calls)
    engine.lives(200)

    assert engine.row.state is State.UPLOADING
    assert len(engine.agora.calls) == asked


def test_missing_files_are_reported_and_so_is_their_late_arrival(engine: Engine) -> None:
    engine.uploads(without(left_by(), ts_names(NAME, 2)[1]))
    engine.has(up(state=State.STOPPING, stop_reason=Reason.STOPPED), running())
    engine.agora.answers["query"] = [NOT_FOUND]
    engine.lives(900)
    assert engine.alerts_raised == []
    engine.lives(30)
    assert engine.alerts_raised == [("recording_warning", Reason.NOT_DELIVERED)]
    assert engine.row.state is State.ENDED
    engine.uploads(left_by())
    engine.lives(400)

    assert engine.alerts_raised[1:] == [("recording_recovered", Reason.NOT_DELIVERED)], "which gives the files"
    assert engine.row.is_complete


def test_files_in_agoras_backup_are_reported(engine: Engine) -> None:
    engine.uploads({})
    engine.has(up(state=State.STOPPING, stop_reason=Reason.STOPPED), running())
    engine.agora.answers["stop"] = [StopAccepted((f"{NAME}.m3u8",), "backuped")]
    engine.agora.answers["query"] = [NOT_FOUND]
    engine.lives(1500)
    assert engine.alerts_raised == [("recording_warning", Reason.IN_BACKUP)]
    assert engine.row.state is State.UPLOADING
    engine.uploads(left_by())
    engine.lives(100)

    assert engine.alerts_raised[1:] == [("recording_recovered", Reason.IN_BACKUP), ("recording_files", None)]


@pytest.mark.parametrize("answer", [NOT_FOUND, RecorderStatus(20)], ids=["idle", "crashed"])
def test_files_of_a_recording_that_ended_by_itself_or_failed_are_awaited_too(
    engine: Engine, answer: RecorderStatus
) -> None:
    engine.uploads(left_by())
    engine.has(up(), running())
    engine.agora.answers["query"] = [answer]
    engine.lives(60)

    assert engine.row.is_over
    assert engine.row.is_complete
    assert [kind for kind, _ in engine.alerts_raised][1:] == ["recording_files"]
    assert engine.recorder().gone_at is not None


def test_checks_that_find_nothing_new_do_not_change_the_card(engine: Engine) -> None:
    engine.uploads({})
    engine.has(up(state=State.UPLOADING, stop_reason=Reason.STOPPED, ended_at=at(0), files_awaited=True))
    version = engine.memory.rows["rec1"].version
    engine.lives(800)
    assert engine.memory.rows["rec1"].version == version
    engine.lives(200)
    assert engine.memory.rows["rec1"].version == version + 1, "missing"
    engine.lives(5000)
    assert engine.memory.rows["rec1"].version == version + 1


# the first file, from the bucket


def test_a_first_file_in_the_bucket_is_noticed_before_agora_reports_it(engine: Engine) -> None:
    engine.uploads({})
    engine.has(with_card(), acquired())
    engine.agora.answers["query"] = [RecorderStatus(4)]
    engine.agora.people = ChannelUsers(hosts=frozenset({1000}))
    engine.lives(40)
    assert (engine.row.state, engine.row.first_file_at) == (State.RECORDING, None)

    engine.uploads({ts_names(NAME, 1)[0]: 5000})
    stored_at = engine.clock.now()
    engine.lives(300)

    assert engine.row.first_file_at == stored_at
    assert engine.row.probe.status == 4
    assert engine.alerts_raised == [], "no warning that nothing is stored"


def test_the_first_file_in_the_bucket_ends_the_warning_that_nothing_is_stored(engine: Engine) -> None:
    engine.uploads({"OTHER_daily_1.ts": 5000})
    engine.has(with_card(), acquired())
    engine.agora.answers["query"] = [RecorderStatus(4)]
    engine.agora.people = ChannelUsers(hosts=frozenset({1000}))
    engine.lives(200)
    assert engine.alerts_raised == [("recording_warning", Reason.NOTHING_STORED)]

    engine.uploads({ts_names(NAME, 1)[0]: 5000})
    engine.lives(60)

    assert engine.alerts_raised[1:] == [("recording_recovered", Reason.NOTHING_STORED)]


def test_after_the_first_file_the_bucket_is_not_read(engine: Engine) -> None:
    engine.uploads({})
    engine.has(up(), running())
    engine.agora.answers["query"] = [RecorderStatus(4)]
    engine.lives(300)

    assert engine.bucket.listed == []


@pytest.mark.parametrize(
    "error",
    [BucketDenied("AccessDenied"), BucketWrong("NoSuchBucket"), BucketUnreachable("NoAnswer"), BucketError("X")],
)
def test_a_bucket_that_can_not_be_read_costs_no_recording(engine: Engine, error: BucketError) -> None:
    engine.bucket.error = error
    engine.has(a_recording())
    engine.agora.answers["query"] = [RecorderStatus(4), RecorderStatus(4), RecorderStatus(5)]
    engine.lives(300)
    assert (engine.row.state, engine.alerts_raised) == (State.RECORDING, [])

    request_stop(engine.recordings, "rec1", "U2", engine.clock.now())
    engine.agora.answers["query"] = [NOT_FOUND]
    engine.lives(60)

    assert (engine.row.state, engine.row.reason, engine.row.is_complete) == (State.ENDED, Reason.STOPPED, True)
    assert engine.row.delivery is not None
    wrong = isinstance(error, BucketWrong)
    assert engine.row.delivery.state is (DeliveryState.MISSING if wrong else DeliveryState.UNVERIFIED)
    assert engine.alerts_raised == ([(str(AlertKind.WARNING), Reason.NOT_DELIVERED)] if wrong else [])
