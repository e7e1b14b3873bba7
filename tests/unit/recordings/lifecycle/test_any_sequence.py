"""One recording under any sequence of answers, requests and pauses: a hypothesis state machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from recordings.errors import (
    AgoraError,
    BucketDenied,
    BucketUnreachable,
    BucketWrong,
    RateLimited,
    SlackBusy,
    SlackRefused,
)
from recordings.lifecycle import cleanup, decide
from recordings.lifecycle.actions import (
    Acquire,
    Action,
    AllocateRecorder,
    CallResult,
    ChangeLayout,
    CheckFiles,
    Outcome,
    PostCard,
    Query,
    Reevaluate,
    Start,
    Stop,
    ThrowOut,
)
from recordings.lifecycle.end_times import end_after_extension
from recordings.lifecycle.policy import Policy, Turn
from recordings.model.confirmation import confirmed_until, unconfirmed
from recordings.model.inventory import BucketListing
from recordings.model.options import Layout
from recordings.model.playlists import StoredFile
from recordings.model.reason import Reason
from recordings.model.recorder import Recorder
from recordings.model.recording import Recording, State
from recordings.model.reported import ChannelUsers, RecorderStatus, StopAccepted
from tests.fakes.intents import request_stop, set_end, set_layout
from tests.fakes.repositories import Memory, MemoryLease, MemoryRecorders, MemoryRecordings
from tests.fakes.rows import NOW, UID, a_recording, acquired, coming_up, running, up, with_card
from tests.fakes.steps import (
    ALREADY_STARTED,
    EMPTY,
    LEAVING,
    NO_WORKER,
    NOT_FOUND,
    NOTHING_RECORDED,
    REFUSED,
    SOMEBODY,
    TASK_CONFLICT,
    UNUSABLE,
)

LONGEST_RETRY_AFTER = 40.0
"""The longest `Retry-After` in the answers."""

REFUSALS = [error for error, _ in REFUSED.values()]
BUSY = RateLimited("429", http_status=429, retry_after=LONGEST_RETRY_AFTER)
SILENCE = [*UNUSABLE.values(), BUSY]
LOST_START = [error for error in SILENCE if error.retry]
PLAYLIST, TS_FILE, MP4 = (
    StoredFile(f"SID_daily{name}", size, NOW) for name, size in ((".m3u8", 90), ("_1.ts", 5000), ("_0.mp4", 5000))
)
TEXT = {PLAYLIST.key: f"#EXTM3U\n#EXTINF:15.019\n{TS_FILE.key}\n#EXT-X-ENDLIST\n"}
LISTINGS = [
    BucketListing(),
    BucketListing((PLAYLIST,), TEXT),
    BucketListing((PLAYLIST, TS_FILE), TEXT),
    BucketListing((PLAYLIST, TS_FILE, MP4), TEXT),
    BucketDenied("AccessDenied"),
    BucketUnreachable("NoAnswer"),
    BucketWrong("NoSuchBucket"),
]
ANSWERS: dict[type[Action], list[Any]] = {
    PostCard: [*["1.1"] * 6, SlackBusy("ratelimited", retry_after=LONGEST_RETRY_AFTER), SlackRefused("not_in_channel")],
    Acquire: [*["RES"] * 12, *LOST_START, *REFUSALS],
    Start: [*["SID"] * 12, *LOST_START, *REFUSALS, ALREADY_STARTED, NO_WORKER, TASK_CONFLICT, NOT_FOUND],
    Query: [*map(RecorderStatus, [0, 1, 2, 3, 4, 4, 5, 5, 6, 7, 8, 20]), NOT_FOUND, NOT_FOUND, NOT_FOUND, *SILENCE],
    ChangeLayout: [None, None, NOT_FOUND, *SILENCE],
    Stop: [StopAccepted(), StopAccepted(("a.mp4",)), NOT_FOUND, LEAVING, NOTHING_RECORDED, *SILENCE],
    ThrowOut: [None, None, *SILENCE],
    CheckFiles: LISTINGS,
    Reevaluate: [None],
}
FIRST_ROWS: list[tuple[Recording, Recorder | None]] = [
    (a_recording(), None),
    (with_card(), acquired()),
    (coming_up(), running()),
    (up(), running()),
]
FAILURES: dict[Reason | None, Callable[[Recording, CallResult], object]] = {
    Reason.UNDELIVERABLE: lambda before, answer: before.card_ts is None,
    Reason.REJECTED: lambda before, answer: before.sid is None and answer in REFUSALS,
    Reason.UNAUTHORIZED: lambda before, answer: before.sid is None and answer in REFUSALS,
    Reason.OVERLOADED: lambda before, answer: before.sid is None and answer in REFUSALS,
    Reason.UNAVAILABLE: lambda before, answer: before.sid is None and before.card_ts is not None,
    Reason.NEVER_STARTED: lambda before, answer: before.sid and before.up_at is None and usable(answer),
    Reason.LOST: lambda before, answer: before.up_at is not None and usable(answer) and before.probe.not_found >= 1,
    Reason.CRASHED: lambda before, answer: before.sid is not None and answer == RecorderStatus(20),
}
"""The reasons for which a recording may fail, each with what must be true of the row before and the answer."""


def usable(answer: CallResult) -> bool:
    return answer == NOT_FOUND or (isinstance(answer, RecorderStatus) and answer.status < 4)


class Life(RuleBasedStateMachine):
    """One recording, its recorders, and an engine that takes their steps in any order."""

    def __init__(self) -> None:
        super().__init__()
        memory = Memory()
        self.memory = memory
        self.recordings = MemoryRecordings(memory)
        self.recorders = MemoryRecorders(memory)
        self.epoch = MemoryLease(memory, "engine").hold(NOW, 1e9) or 0
        self.now = NOW
        self.policy = Policy()
        self.raised: list[tuple[str, str]] = []
        self.jitter = 0.0
        self.patient = True
        self.supported_until: datetime | None = None
        """Until when the last usable answer supports that the call is being recorded."""
        self.queried_at: datetime | None = None

    @initialize(
        interval=st.sampled_from([0.4, 5, 30, 120]),
        start=st.sampled_from([6, 90]),
        grace=st.sampled_from([3, 120]),
        longest=st.sampled_from([60, 14_400]),
        endpoint_count=st.sampled_from([1, 2]),
        max_resumes=st.sampled_from([0, 1, 3]),
        row=st.sampled_from(FIRST_ROWS),
        patient=st.booleans(),
    )
    def begin(
        self,
        interval: float,
        start: float,
        grace: float,
        longest: float,
        endpoint_count: int,
        max_resumes: int,
        row: tuple[Recording, Recorder | None],
        patient: bool,
    ) -> None:
        """`patient`: nobody stops the recording, and no long pause happens."""
        self.policy = Policy(
            query_interval=interval,
            start_timeout=start,
            failover_grace=grace,
            max_duration=longest,
            endpoint_count=endpoint_count,
            max_resumes=max_resumes,
        )
        self.patient = patient
        recording, recorder = row
        if recording.started_at is not None:
            self.supported_until = recording.started_at + 2 * timedelta(seconds=interval)
        assert self.recordings.add_recording(recording, None) is None
        if recorder is not None:
            self.recorders.save(recorder, self.epoch)

    @property
    def row(self) -> Recording:
        row = self.recordings.recording("rec1")
        assert row is not None
        return row

    def turn(self) -> Turn:
        return Turn(now=self.now, policy=self.policy, jitter=self.jitter)

    @rule(seconds=st.sampled_from([0.1, 1, 7, 40]))
    def a_moment_passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(seconds=st.sampled_from([200, 5000, 100_000]))
    @precondition(lambda self: not self.patient)
    def time_passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(who=st.sampled_from(["U1", "U2"]))
    @precondition(lambda self: not self.patient)
    def somebody_stops_it(self, who: str) -> None:
        request_stop(self.recordings, "rec1", who, self.now)

    @rule(who=st.sampled_from(["U1", "U2"]), seconds=st.sampled_from([2, 1800, 50_000]))
    def somebody_extends_it(self, who: str, seconds: float) -> None:
        end = self.row.intent.ends_at
        default_duration = self.policy.max_duration
        _, after = set_end(
            self.recordings, "rec1", who, self.now, lambda row: end_after_extension(row, default_duration, seconds)
        )
        assert after.intent.ends_at == end or (
            after.intent.ends_at is not None and (end is None or after.intent.ends_at > end)
        )

    @rule(who=st.sampled_from(["U1", "U2"]), layout=st.sampled_from(Layout))
    def somebody_chooses_a_layout(self, who: str, layout: Layout) -> None:
        self.now += timedelta(milliseconds=1)
        set_layout(self.recordings, "rec1", layout, who, self.now)

    @rule(data=st.data(), steps=st.integers(1, 6))
    @precondition(lambda self: not self.row.is_complete)
    def some_steps(self, data: st.DataObject, steps: int) -> None:
        for _ in range(steps):
            if not self.row.is_complete:
                self.a_step(data)

    def a_step(self, data: st.DataObject) -> None:
        """The next step, when it is due. Somebody may stop the recording during its call."""
        self.now = max(self.now, self.row.next_step_at)
        job = self.recordings.job("rec1")
        assert job is not None
        action = decide.decide(job.recording, job.recorder, self.turn())
        answer = data.draw(self.answers(action), label=f"{type(action).__name__} is answered")
        users = data.draw(st.sampled_from([EMPTY, SOMEBODY, None]), label="users")
        stopped = not self.patient and data.draw(st.integers(0, 9), label="stopped meanwhile if 9") == 9
        self.jitter = data.draw(st.sampled_from([0.0, 0.5, 0.999]), label="jitter")
        self.apply(action, answer, users, stopped)

    @rule(data=st.data(), users=st.sampled_from([EMPTY, SOMEBODY, None]))
    @precondition(lambda self: self.recorders.due(9))
    def a_step_of_an_unwanted_recorder(self, data: st.DataObject, users: ChannelUsers | None) -> None:
        key, at = self.recorders.due(1)[0]
        self.now = max(self.now, at)
        recorder = self.recorders.get(key)
        assert recorder is not None
        action = cleanup.decide(recorder, self.turn())
        self.clean_up(recorder, action, data.draw(self.answers(action)), users)

    @rule()
    @precondition(lambda self: any(r.start_sent_at and not r.sid for r in self.memory.recorders.values()))
    def a_former_leader_learns_a_sid(self) -> None:
        recorder = next(r for r in self.memory.recorders.values() if r.start_sent_at and not r.sid)
        self.recorders.keep_late(replace(recorder, sid="LATE", sid_at=self.now))

    def answers(self, action: Action) -> st.SearchStrategy[CallResult]:
        if isinstance(action, AllocateRecorder):
            return st.just(UID + len(self.memory.recorders))
        return st.sampled_from(ANSWERS[type(action)])

    def apply(self, action: Action, answer: CallResult, users: ChannelUsers | None, stopped_meanwhile: bool) -> None:
        before, turn = self.row, self.turn()
        recorder = self.memory.recorders.get(before.recorder_id or "")
        if isinstance(action, Start) and recorder is not None:
            life = timedelta(seconds=self.policy.recorder_life)
            recorder = replace(recorder, start_sent_at=self.now, expires_at=self.now + life)
            self.recorders.save(recorder, self.epoch)
        needs_users = isinstance(action, ChangeLayout | AllocateRecorder) or decide.needs_users(
            before, action, answer, turn
        )
        known_users = users if needs_users else None
        change = decide.apply_outcome(before, recorder, action, Outcome(answer, known_users, frozenset({UID})), turn)
        if stopped_meanwhile:
            request_stop(self.recordings, "rec1", "U3", self.now)
        self.recordings.save(before, change, self.epoch, self.now)
        self.note_support(action, answer)
        self.raised += [(str(alert.kind), alert.cause) for alert in change.alerts]
        self.failed_for_a_reason(before, answer)
        self.comes_back_in_time(before, answer)

    def note_support(self, action: Action, answer: CallResult) -> None:
        if action != Query() or self.row.state is State.UPLOADING:
            return
        if isinstance(answer, RecorderStatus) and answer.status in (4, 5):
            interval = self.policy.query_interval
            waited = (self.now - (self.queried_at or self.now)).total_seconds()
            stretched = min(max(interval, waited), 10 * interval)
            self.supported_until = self.now + 2 * timedelta(seconds=stretched)
        elif answer == NOT_FOUND or isinstance(answer, RecorderStatus):
            self.supported_until = None
        self.queried_at = self.now

    def clean_up(self, recorder: Recorder, action: Action, answer: CallResult, users: ChannelUsers | None) -> None:
        after = cleanup.apply_outcome(recorder, action, Outcome(answer, users), self.turn())
        self.recorders.save(after, self.epoch)
        slowest = max(self.policy.query_interval, 1.2 * max(self.policy.retry_backoff), LONGEST_RETRY_AFTER)
        assert after.gone_at or self.now < after.next_step_at <= self.now + timedelta(seconds=slowest)

    def failed_for_a_reason(self, before: Recording, answer: CallResult) -> None:
        row = self.row
        if row.state is State.FAILED and not before.is_over:
            assert row.reason in FAILURES
            assert FAILURES[row.reason](before, answer), f"{row.reason} after {answer!r}"
        if before.sid is not None and isinstance(answer, AgoraError) and answer in SILENCE:
            assert row.state is before.state, "an unusable answer does not change the state"

    def comes_back_in_time(self, before: Recording, answer: CallResult) -> None:
        row = self.row
        if row.is_complete:
            return
        if row.files_awaited:
            assert row.next_step_at <= self.now + timedelta(
                seconds=max(LONGEST_RETRY_AFTER, 10 * self.policy.query_interval)
            )
            return
        retry_after = getattr(answer, "retry_after", None) or 0.0
        longest_backoff = 0.0 if row.sid is not None else 1.2 * max(self.policy.retry_backoff)
        slowest = timedelta(seconds=max(self.policy.query_interval, retry_after, longest_backoff))
        # A step that only notes an expiry leaves the next query at its time.
        query_due_at = before.probe.query_due_at or self.now
        assert row.next_step_at <= max(self.now + slowest, query_due_at)
        deadline = row.attempt_since + timedelta(seconds=self.policy.start_timeout)
        if row.is_starting and row.sid is None and deadline > self.now:
            assert row.next_step_at <= deadline

    @invariant()
    def a_card_claims_a_running_recording_only_while_the_last_answer_supports_it(self) -> None:
        if not self.memory.rows or not self.row.expects_recorder or self.row.everyone_left:
            return
        if unconfirmed(self.row, self.now, self.policy.query_interval) is None:
            assert self.supported_until is not None
            assert self.now <= self.supported_until

    @invariant()
    def a_card_that_claims_it_is_drawn_anew_when_the_answer_is_too_old(self) -> None:
        if self.memory.rows and self.row.state is State.RECORDING and self.row.doubt is None:
            expires_at = confirmed_until(self.row, self.policy.query_interval)
            assert self.row.next_step_at <= max(expires_at, self.now)

    @invariant()
    def an_answer_that_can_not_be_read_ends_nothing(self) -> None:
        if self.memory.rows and self.row.probe.unreadable_answer:
            assert not self.row.is_over
            assert self.row.sid is not None

    @invariant()
    def at_most_one_recorder_is_wanted(self) -> None:
        wanted = [r.id for r in self.memory.recorders.values() if r.wanted]
        assert len(wanted) <= 1
        assert not wanted or wanted == [self.row.recorder_id]

    @invariant()
    def no_recorder_that_may_run_is_forgotten(self) -> None:
        stepped = {key for key, _ in self.recorders.due(99)}
        if self.memory.rows and not self.row.is_over:
            stepped.add(self.row.recorder_id or "")
        running = {r.id for r in self.memory.recorders.values() if r.start_sent_at and r.gone_at is None}
        assert running <= stepped

    @invariant()
    def no_alert_is_raised_twice(self) -> None:
        assert len(self.raised) == len(set(self.raised))

    @invariant()
    def a_uid_is_used_once(self) -> None:
        uids = [r.uid for r in self.memory.recorders.values()]
        assert len(uids) == len(set(uids))

    @invariant()
    def every_loss_is_reported_once_as_a_warning_or_a_failure(self) -> None:
        """Unless the recording ended before the next recorder was up."""
        if not self.memory.rows:
            return
        row = self.row
        warned = [cause for kind, cause in self.raised if kind == "recording_warning" and cause.startswith("lost-")]
        resumed = [segment for segment in row.lost_segments if segment.resumed_at is not None]
        assert warned == [f"lost-{number}" for number in range(2, len(resumed) + 2)]
        assert len(row.lost_segments) <= self.policy.max_resumes
        assert len(row.lost_segments) - len(resumed) <= 1
        assert [segment.gap for segment in resumed if segment.gap and segment.gap.ended_at > self.now] == []

    @invariant()
    def a_failure_is_reported_and_a_requested_end_is_not(self) -> None:
        if not self.memory.rows or not self.row.is_over:
            return
        kinds = [kind for kind, _ in self.raised if kind in ("recording_failed", "recording_ended")]
        if self.row.state is State.FAILED and self.row.reason is not Reason.UNDELIVERABLE:
            assert kinds == ["recording_failed"]
        elif self.row.reason is Reason.STOPPED:
            assert kinds == []

    def teardown(self) -> None:
        """From now on Agora finds nothing: everything has to end within the time that the policy allows."""
        if not self.memory.rows:
            return
        begun = self.now
        while not self.row.is_complete or self.recorders.due(1):
            self.next_step_of_all()
            assert self.now <= begun + self.time_to_end(), self.row
        assert all(not r.wanted for r in self.memory.recorders.values())
        assert self.row.ended_at is not None
        assert (self.row.state is State.FAILED) is (self.row.reason in FAILURES)

    def next_step_of_all(self) -> None:
        due: list[tuple[datetime, str]] = [(at, key) for key, at in self.recorders.due(9)]
        due += [(at, key) for key, at in self.recordings.due(9)]
        at, key = min(due)
        self.now = max(self.now, at)
        recorder = self.recorders.get(key)
        if recorder is not None:
            action = cleanup.decide(recorder, self.turn())
            self.clean_up(recorder, action, NOT_FOUND if isinstance(action, Stop | Query) else None, EMPTY)
            return
        job = self.recordings.job(key)
        assert job is not None
        action = decide.decide(job.recording, job.recorder, self.turn())
        answers = {
            PostCard: "1.1",
            AllocateRecorder: UID + len(self.memory.recorders),
            Reevaluate: None,
            CheckFiles: BucketDenied("no"),
        }
        answer: Any = answers.get(type(action), NOT_FOUND)
        self.apply(action, answer, None, False)

    def time_to_end(self) -> timedelta:
        policy = self.policy
        slowest = max(10 * policy.query_interval, LONGEST_RETRY_AFTER, *policy.not_found_backoff)
        # A recorder that is not found is lost, the next one is started in vain, then the recording ends.
        return timedelta(seconds=2 * policy.start_timeout + 2 * policy.failover_grace + 6 * slowest)


TestAnySequence = Life.TestCase
TestAnySequence.settings = settings(
    max_examples=120, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
