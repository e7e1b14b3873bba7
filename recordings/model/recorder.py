"""A recorder at Agora, and what Agora's answers say about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from recordings.model.reason import Reason


class Doubt(StrEnum):
    """Why nobody knows whether a call is being recorded."""

    NOT_FOUND = "not_found"
    """Agora does not find the recorder: it moves it to another server, or it is gone."""
    REJECTED = "rejected"
    """Agora rejects the credentials, so that it can't be asked."""
    NO_ANSWER = "no_answer"
    """Agora gave no answer that says how the recorder is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """The results of the queries about one recorder. `lifecycle.probing` has the rules."""

    status: int | None = None
    """Agora's status in its last usable answer."""
    queried_at: datetime | None = None
    found_at: datetime | None = None
    """When a query last found the recorder in the call."""
    not_found_since: datetime | None = None
    not_found: int = 0
    """Consecutive answers "not found"."""
    found_empty: int = 0
    """How many of those answers in a row came while the channel was empty too."""
    unanswered_since: datetime | None = None
    """The first call after the last usable answer."""
    unanswered_reason: Reason | None = None
    unreadable_answer: str = ""
    """What Agora answered, if it answered the last call and that says nothing about the recorder: a status that it does
    not document, a refusal of a parameter. Empty if no answer came, or if it rejected the credentials."""
    confirmed_until: datetime | None = None
    """Until when the answer at `found_at` supports the claim that the recorder records."""
    confirmation_expired: bool = False
    """Unconfirmed until a query finds the recorder again: a step noted that `confirmed_until` has passed, or Agora
    rejected the credentials."""
    query_due_at: datetime | None = None
    """When the next query was due before the step that notes the expiry was put in front of it."""

    @property
    def is_rejected(self) -> bool:
        """Whether Agora rejected the credentials in its last answer."""
        return self.unanswered_since is not None and self.unanswered_reason is Reason.UNAUTHORIZED


NOT_PROBED = Probe()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorder:
    """One recorder at Agora, or one that may exist because the answer to its start was lost. Recorders cost money.

    At most one recorder of a recording is `wanted`. The engine steps any other until Agora agrees that it is gone.
    """

    id: str
    recording_id: str
    agora_channel: str
    uid: int
    wanted: bool = True
    created_at: datetime
    resource_id: str | None = None
    acquired_at: datetime | None = None
    start_sent_at: datetime | None = None
    """When `start` was last sent. From then on the recorder may be running."""
    sid: str | None = None
    sid_at: datetime | None = None
    expires_at: datetime | None = None
    """When its token or resource has expired, so that it can't be in the channel any more."""
    gone_at: datetime | None = None
    next_step_at: datetime
    tries: int = 0
    stop_accepted_at: datetime | None = None
    not_found_since: datetime | None = None
    absent: int = 0
    """Consecutive user lists of the channel without it."""
    segment_number: int = 1
    """The segment of the recording that it makes, or should have made."""
    moved_uid: int | None = None
    """Its uid in the channel after Agora moved it to another server. Queries and stops still use `uid`."""

    @property
    def probe(self) -> Probe:
        """The probe of an unwanted recorder, for which each failed try counts."""
        return Probe(not_found_since=self.not_found_since, not_found=self.tries)


@dataclass(frozen=True, slots=True)
class Target:
    """A recorder as Agora's calls name it. `sid` is empty until `start` was answered."""

    channel: str
    uid: int
    resource_id: str
    sid: str = ""
