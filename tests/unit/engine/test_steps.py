"""One step for each due row: look, decide, do one thing, write what came of it."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from engine.bucket_checks import BucketChecks
from engine.calls import FIRST_UID, Calls
from engine.recorder_steps import RecorderSteps
from engine.recording_steps import RecordingSteps
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
from recordings.lifecycle.actions import Acquire, Change, PostCard, Query, Start
from recordings.lifecycle.policy import Policy
from recordings.model.alerts import Alert, AlertKind
from recordings.model.delivery import DeliveryState
from recordings.model.options import AppliedLayout, Layout, Options, Resolution
from recordings.model.reason import Reason
from recordings.model.recorder import Recorder, Target
from recordings.model.recording import Recording, State
from recordings.model.reported import ChannelUsers, RecorderStatus, StopAccepted
from tests.fakes.agora import FakeAgora
from tests.fakes.bucket import FakeBucket
from tests.fakes.bucket_contents import NAME, Objects, left_by, ts_names, without
from tests.fakes.intents import request_stop, set_layout
from tests.fakes.repositories import Memory, MemoryLease, MemoryRecorders, MemoryRecordings
from tests.fakes.rows import (
    UID,
    FakeClock,
    a_recording,
    acquired,
    at,
    coming_up,
    running,
    started,
    up,
    with_card,
)
from tests.fakes.steps import NOT_FOUND


class FakePoster:
    def __init__(self) -> None:
        self.posted: list[str] = []
        self.error: SlackRefused | None = None

    def post_card(self, recording: Recording) -> str:
        if self.error is not None:
            raise self.error
        self.posted.append(recording.id)
        return "1.1"


class Engine:
    """A leader's steps on a store in memory."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.memory = Memory()
        self.clock = FakeClock()
        self.agora = FakeAgora()
        self.bucket = FakeBucket(BucketDenied("AccessDenied"))
        self.cards = FakePoster()
        self.recordings = MemoryRecordings(self.memory)
        self.recorders = MemoryRecorders(self.memory)
        self.epoch = MemoryLease(self.memory, "me").hold(self.clock.now(), 1e9) or 0
        self.calls = Calls(self.agora, self.recorders, lambda r: ("folder",), self.clock, random.Random(7))  # noqa: S311
        checks = BucketChecks(self.bucket, lambda recording: ("folder",), self.clock)
        policy = policy or Policy()
        self.steps = RecordingSteps(
            self.recordings, self.recorders, self.calls, checks, self.cards, policy, self.clock, lambda: 0.0
        )
        self.clean = RecorderSteps(self.recorders, self.calls, policy, self.clock, lambda: 0.0)

    def has(self, recording: Recording, *recorders: Recorder) -> None:
        assert self.recordings.add_recording(recording, None) is None
        self.recordings.save(recording, Change(recording, recorders), self.epoch, self.clock.now())

    def step(self, recording_id: str = "rec1") -> Recording:
        self.steps.run(recording_id, self.epoch)
        return self.row

    def lives(self, seconds: float) -> None:
        """Every step that comes due in so many seconds."""
        until = self.clock.seconds + seconds
        while self.clock.seconds < until:
            for work in (self.steps, self.clean):
                for key in [key for key, moment in work.due() if moment <= self.clock.now()]:
                    work.run(key, self.epoch)
            self.clock.passes(0.5)

    def another_leads(self) -> None:
        MemoryLease(self.memory, "me").release(self.clock.now())
        assert MemoryLease(self.memory, "other").hold(self.clock.now(), 15) is not None

    def another_leads_before(self, answer: str) -> str:
        self.another_leads()
        return answer

    def uploads(self, objects: Objects) -> None:
        """What Agora stores, from now on; the bot may look into the bucket."""
        self.bucket.error = None
        for name, content in objects.items():
            self.bucket.has(f"folder/{name}", content if isinstance(content, str) else b"x" * content, self.clock.now())

    @property
    def alerts(self) -> list[Alert]:
        return [entry.alert for entry in self.memory.outbox]

    @property
    def alerts_raised(self) -> list[tuple[str, Reason | None]]:
        return [(str(alert.kind), alert.reason) for alert in self.alerts]

    @property
    def row(self) -> Recording:
        found = self.recordings.recording("rec1")
        assert found is not None
        return found

    def recorder(self, number: int = 1) -> Recorder:
        found = self.recorders.get(f"rec1.{number}")
        assert found is not None
        return found


@pytest.fixture
def engine() -> Engine:
    return Engine()


def chooses(engine: Engine, layout: Layout) -> None:
    set_layout(engine.recordings, "rec1", layout, "U2", engine.clock.now())


def test_a_layout_that_somebody_chose_is_one_request(engine: Engine) -> None:
    engine.has(up(), running())
    chooses(engine, Layout.FLOATING)
    row = engine.step()
    engine.step()

    target = Target("daily", UID, "RES", "SID")
    assert engine.agora.made("arrange") == [(target, Layout.FLOATING, None)]
    assert engine.agora.made("users") == [], "nobody has to be large"
    assert row.applied_layout == AppliedLayout(layout=Layout.FLOATING)


def test_who_is_large_is_looked_up_at_that_moment(engine: Engine) -> None:
    engine.has(up(), running())
    chooses(engine, Layout.SPEAKER)
    engine.step()
    assert engine.agora.made("arrange") == [], "nobody is there"

    engine.agora.people = ChannelUsers(hosts=frozenset({UID, 1000, 2000}))
    engine.lives(40)
    assert [made[1:] for made in engine.agora.made("arrange")] == [(Layout.SPEAKER, 1000)]


def test_every_try_to_start_a_recorder_asks_for_the_same(engine: Engine) -> None:
    asked = Options(layout=Layout.SPEAKER, resolution=Resolution.P1080)
    engine.agora.people = ChannelUsers(hosts=frozenset({1000}))
    engine.agora.answers["start"] = [ServerFault("busy", http_status=500), lambda: "SID"]
    engine.has(with_card(recorder_id=None, recorder_count=0, options=asked))
    for _ in range(3):
        engine.step()
    chooses(engine, Layout.FLOATING)
    engine.agora.people = ChannelUsers(hosts=frozenset({7}))
    engine.clock.passes(5)
    engine.step()

    assert engine.agora.asked == [(asked, 1000), (asked, 1000)]


def test_from_the_wish_to_the_first_file(engine: Engine) -> None:
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


def test_where_the_card_cannot_be_posted_agora_is_not_asked(engine: Engine) -> None:
    engine.has(a_recording())
    engine.cards.error = SlackRefused("not_in_channel")
    engine.lives(60)

    assert (engine.row.state, engine.row.reason) == (State.FAILED, Reason.UNDELIVERABLE)
    assert engine.agora.calls == []


def test_a_row_that_is_not_due_is_left_alone(engine: Engine) -> None:
    engine.has(up(next_step_at=at(30)), running())
    engine.step()

    assert engine.agora.calls == []


def test_a_row_that_is_over_or_gone_is_left_alone(engine: Engine) -> None:
    engine.has(up(state=State.ENDED), running())
    engine.step()
    engine.steps.run("nobody", engine.epoch)
    engine.clean.run("nobody", engine.epoch)

    assert engine.agora.calls == []


def test_what_is_needed_to_find_a_recorder_again_is_written_before_the_call_that_may_start_it(engine: Engine) -> None:
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


def test_the_target_of_each_call_is_the_recorder_and_the_folder_the_recordings(engine: Engine) -> None:
    engine.has(with_card(), acquired())
    engine.step()
    engine.clock.passes(5)
    engine.step()

    ((target, prefix),) = engine.agora.made("start")
    assert (target.channel, target.uid, target.resource_id, prefix) == ("daily", UID, "RES", ("folder",))
    assert [queried.sid for queried in engine.agora.made("query")] == ["SID"]


def test_a_leader_that_was_succeeded_while_it_acquired_moves_nothing(engine: Engine) -> None:
    engine.has(with_card(), replace(acquired(), resource_id=None))
    engine.agora.answers["acquire"] = [lambda: engine.another_leads_before("RES")]

    with pytest.raises(LeaseLost):
        engine.step()

    assert engine.recorder().resource_id is None


def test_a_leader_that_was_succeeded_before_the_start_does_not_start(engine: Engine) -> None:
    engine.has(with_card(), acquired())
    engine.another_leads()

    with pytest.raises(LeaseLost):
        engine.step()

    assert engine.agora.calls == []


def test_a_sid_that_was_learnt_too_late_is_kept_as_a_recorder_that_nobody_wants(engine: Engine) -> None:
    engine.has(with_card(), acquired())
    engine.agora.answers["start"] = [lambda: engine.another_leads_before("SID")]

    with pytest.raises(LeaseLost):
        engine.step()

    assert (engine.recorder().sid, engine.recorder().wanted) == ("SID", False)
    assert engine.row.sid is None
    assert [key for key, _ in engine.recorders.due(9)] == ["rec1.1"]


def test_the_successor_ends_that_recorder_and_starts_another(engine: Engine) -> None:
    test_a_sid_that_was_learnt_too_late_is_kept_as_a_recorder_that_nobody_wants(engine)
    engine.epoch = engine.memory.epoch
    engine.agora.answers["start"] = ["SID2"]
    engine.agora.answers["query"] = [RecorderStatus(5)]
    engine.lives(10)

    assert (engine.row.state, engine.row.sid) == (State.RECORDING, "SID2")
    assert engine.recorder(1).stop_accepted_at is not None


def test_who_is_in_the_channel_is_asked_where_it_matters(engine: Engine) -> None:
    engine.has(up(), running())
    engine.agora.answers["query"] = [NOT_FOUND]
    engine.agora.people = ChannelUsers(hosts=frozenset({UID}))
    engine.lives(20)

    assert (engine.row.state, engine.row.reason) == (State.ENDED, Reason.IDLE), "the recorder itself does not count"


def test_where_agora_does_not_tell_who_is_there_nobody_is_taken_for_absent(engine: Engine) -> None:
    engine.has(up(), running())
    engine.agora.answers["query"] = [NOT_FOUND]
    engine.agora.answers["users"] = [ServerFault("busy", http_status=500)]
    engine.lives(20)

    assert engine.row.state is State.INTERRUPTED


def test_a_stop_wished_for_while_agora_is_slow_is_carried_out_next(engine: Engine) -> None:
    engine.has(up(), running())

    def slow() -> RecorderStatus:
        request_stop(engine.recordings, "rec1", "U2", engine.clock.now())
        return RecorderStatus(5)

    engine.agora.answers["query"] = [slow]
    assert engine.step().next_step_at == engine.clock.now(), "due at once"

    engine.step()
    engine.step()
    assert len(engine.agora.made("stop")) == 1


def test_a_recorder_whose_start_was_never_answered_is_thrown_out_and_another_one_records(engine: Engine) -> None:
    engine.has(with_card(), acquired())
    lost = NoAnswer("no answer in 14 s")
    engine.agora.answers["start"] = [lost, lost, lost, lost, "SID2"]
    engine.lives(200)

    assert (engine.row.state, engine.row.sid, engine.row.recorder_id) == (State.RECORDING, "SID2", "rec1.2")
    assert engine.recorder(1).gone_at is not None
    assert ("daily", UID) in engine.agora.made("throw_out")
    assert engine.recorder(2).uid != UID


# uids


def allotted(calls: Calls) -> int:
    uid = calls.pick_uid("daily").answer
    assert isinstance(uid, int)
    return uid


def test_a_recorders_uid_is_in_a_range_of_its_own_and_new_each_time(engine: Engine) -> None:
    uids = {allotted(engine.calls) for _ in range(200)}

    assert len(uids) == 200
    assert all(FIRST_UID <= uid < 2**32 for uid in uids)


def test_a_recorders_uid_is_nobodys_in_the_channel_nor_that_of_another_try() -> None:
    rolls = [FIRST_UID, FIRST_UID + 1, FIRST_UID + 2, FIRST_UID + 3]

    class Dice(random.Random):
        def randint(self, a: int, b: int) -> int:
            return rolls.pop(0)

    engine = Engine()
    engine.has(with_card(), started(uid=FIRST_UID))
    engine.agora.people = ChannelUsers(hosts=frozenset({FIRST_UID + 1}), audience=frozenset({FIRST_UID + 2}))
    calls = replace(engine.calls, random=Dice())

    assert allotted(calls) == FIRST_UID + 3


def test_where_agora_does_not_tell_who_is_there_a_random_uid_is_as_good(engine: Engine) -> None:
    engine.agora.answers["users"] = [NoAnswer("no answer")]

    assert allotted(engine.calls) >= FIRST_UID


# what Agora refuses is a value


def test_an_error_of_agora_is_an_answer(engine: Engine) -> None:
    engine.agora.answers["query"] = [NOT_FOUND]

    assert engine.calls.perform(Query(), running()) is NOT_FOUND


def test_a_mistake_of_ours_is_none(engine: Engine) -> None:
    engine.agora.answers["acquire"] = [KeyError("x")]

    with pytest.raises(KeyError):
        engine.calls.perform(Acquire(), acquired())
    with pytest.raises(ValueError, match="no call at Agora"):
        engine.calls.perform(PostCard(), acquired())
    with pytest.raises(ValueError, match="no call at Agora"):
        engine.calls.perform(Start(first=True), acquired())


def test_an_unwanted_recorder_is_stepped_until_it_is_gone(engine: Engine) -> None:
    engine.has(coming_up(state=State.FAILED), running(wanted=False))
    engine.agora.answers["query"] = [RecorderStatus(6), NOT_FOUND]
    engine.lives(30)

    assert engine.recorder().gone_at is not None
    assert [name for name, _ in engine.agora.calls] == ["stop", "query", "query"]


# the files


def test_from_the_wish_to_the_files(engine: Engine) -> None:
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


def test_once_the_recorder_is_gone_agora_is_not_asked_any_more(engine: Engine) -> None:
    engine.uploads({})
    engine.has(up(state=State.STOPPING, stop_reason=Reason.STOPPED), running())
    engine.agora.answers["query"] = [NOT_FOUND]
    engine.lives(20)
    asked = len(engine.agora.calls)
    engine.lives(200)

    assert engine.row.state is State.UPLOADING
    assert len(engine.agora.calls) == asked


def test_files_that_do_not_come_are_told_and_those_that_come_after_all_too(engine: Engine) -> None:
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

    assert engine.alerts_raised[1:] == [("recording_recovered", Reason.NOT_DELIVERED), ("recording_files", None)]
    assert engine.row.is_complete


def test_what_agora_said_of_its_backup_when_it_was_stopped_is_told(engine: Engine) -> None:
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
def test_the_files_of_one_that_ended_by_itself_or_failed_are_looked_for_too(
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


def test_the_card_changes_once_for_all_the_looks_that_find_nothing_new(engine: Engine) -> None:
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


def test_a_first_file_that_the_bucket_has_is_known_before_agora_tells(engine: Engine) -> None:
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


def test_without_a_file_in_the_bucket_there_is_the_warning_and_the_first_file_ends_it(engine: Engine) -> None:
    engine.uploads({"OTHER_daily_1.ts": 5000})
    engine.has(with_card(), acquired())
    engine.agora.answers["query"] = [RecorderStatus(4)]
    engine.agora.people = ChannelUsers(hosts=frozenset({1000}))
    engine.lives(200)
    assert engine.alerts_raised == [("recording_warning", Reason.NOTHING_STORED)]

    engine.uploads({ts_names(NAME, 1)[0]: 5000})
    engine.lives(60)

    assert engine.alerts_raised[1:] == [("recording_recovered", Reason.NOTHING_STORED)]


def test_once_the_first_file_is_known_the_bucket_is_left_alone(engine: Engine) -> None:
    engine.uploads({})
    engine.has(up(), running())
    engine.agora.answers["query"] = [RecorderStatus(4)]
    engine.lives(300)

    assert engine.bucket.listed == []


@pytest.mark.parametrize(
    "error",
    [BucketDenied("AccessDenied"), BucketWrong("NoSuchBucket"), BucketUnreachable("NoAnswer"), BucketError("X")],
)
def test_a_bucket_that_cannot_be_looked_into_costs_no_recording(engine: Engine, error: BucketError) -> None:
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
