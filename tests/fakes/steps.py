"""One step of a recording, as the engine takes it, and the answers of Agora that tests need."""

from __future__ import annotations

from recordings.errors import (
    AccountInactive,
    AgoraError,
    AlreadyStarted,
    Leaving,
    NoAnswer,
    NotFound,
    NothingRecorded,
    NotRouted,
    NotSent,
    NoWorker,
    Overloaded,
    RateLimited,
    Rejected,
    ServerFault,
    TaskConflict,
    Unauthorized,
    Unfinished,
    Unreadable,
)
from recordings.lifecycle import confirming, decide
from recordings.lifecycle.actions import Action, CallResult, Change, Outcome
from recordings.lifecycle.policy import Turn
from recordings.model.recorder import Recorder
from recordings.model.recording import Recording
from recordings.model.reported import ChannelUsers
from tests.fakes.rows import UID

NOT_FOUND = NotFound("failed to find worker", http_status=404, code=404)
UNAUTHORIZED = Unauthorized("Invalid authentication credentials", http_status=401)
RATE_LIMITED = RateLimited("rate limit exceeded", http_status=429)
LEAVING = Leaving("stopping", http_status=400, code=49)
NOTHING_RECORDED = NothingRecorded("no recorded data", http_status=206, code=435)
ALREADY_STARTED = AlreadyStarted("already started", http_status=201, code=7)
NO_WORKER = NoWorker("no worker", http_status=500, code=502)
TASK_CONFLICT = TaskConflict("task conflict", http_status=400, code=53)

UNUSABLE: dict[str, AgoraError] = {
    "no connection": NotSent("connection refused"),
    "no answer": NoAnswer("no answer in 14 s"),
    "500": ServerFault("internal error", http_status=500),
    "206/65": Unfinished("request not completed", http_status=206, code=65),
    "429": RATE_LIMITED,
    "status 99": Unreadable("status 99, which Agora does not document", http_status=200),
    "404 of a proxy": NotRouted("no Route matched", http_status=404),
    "401": UNAUTHORIZED,
    "400/2": Rejected("invalid parameter", http_status=400, code=2),
}
"""Answers to a query or a stop that say nothing about the recording."""

REFUSED: dict[str, tuple[AgoraError, str]] = {
    "400/2": (UNUSABLE["400/2"], "rejected"),
    "401": (UNAUTHORIZED, "unauthorized"),
    "400/405": (AccountInactive("account inactive", http_status=400, code=405), "rejected"),
    "400/406": (Overloaded("vendor_over_load", http_status=400, code=406), "overloaded"),
}
"""Answers to acquire and start after which a retry is useless, each with the reason of the failure."""

EMPTY = ChannelUsers()
SOMEBODY = ChannelUsers(hosts=frozenset({1000}))
ONLY_THE_RECORDER = ChannelUsers(hosts=frozenset({UID}))
ONLY_AN_AUDIENCE = ChannelUsers(audience=frozenset({1000}))


def step(
    recording: Recording,
    recorder: Recorder | None,
    turn: Turn,
    answer: CallResult = None,
    users: ChannelUsers | None = None,
) -> Change:
    """The change after the next step, given the answer to its call."""
    if answer is not None:
        recording = confirming.note_expiry(recording, turn)  # a step of its own, without a call
    action = decide.decide(recording, recorder, turn)
    return decide.apply_outcome(recording, recorder, action, Outcome(answer, users, frozenset({UID})), turn)


def next_action(recording: Recording, recorder: Recorder | None, turn: Turn) -> Action:
    return decide.decide(recording, recorder, turn)
