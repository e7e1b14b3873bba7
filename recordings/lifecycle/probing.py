"""What an answer of Agora says about a recorder: it was found, it was not found, or nothing is known.

"Not found" does not prove that a recorder is gone: for about 90 s (estimated) Agora does not find a recorder that it
moves to another server. One rule holds for every recorder, wanted or not: it is gone if Agora has not found it for
longer than the policy's `failover_grace`, counted from the first such answer.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from recordings.errors import AgoraError, AgoraRefused, RateLimited, Unauthorized, Unreadable
from recordings.lifecycle.policy import Turn
from recordings.model.confirmation import CONFIRMED_INTERVALS
from recordings.model.reason import Reason
from recordings.model.recorder import Probe
from recordings.model.recording import Recording
from recordings.model.reported import RecorderStatus

_LONGEST_RETRY_AFTER = 60.0
"""Seconds. Agora may ask for a longer wait, but nobody would know the state of the recording meanwhile."""
_MOST_INTERVALS = 10
"""Query intervals. However rarely queries are made under load, an answer confirms no more than twice this."""


def mark_found(probe: Probe, before: Probe, turn: Turn) -> Probe:
    """Agora found the recorder in the call. `before`: the probe before this answer."""
    return replace(
        probe,
        found_at=turn.as_of,
        not_found=0,
        not_found_since=None,
        found_empty=0,
        confirmed_until=turn.as_of + timedelta(seconds=CONFIRMED_INTERVALS * _query_interval(before, turn)),
        confirmation_expired=False,
    )


def _query_interval(before: Probe, turn: Turn) -> float:
    """The time between queries: longer than the policy's while the rate limit of many recordings delays them. It at
    most doubles with each answer, so that a pause of the bot is not taken for load."""
    shortest = turn.policy.query_interval
    was_found = before.unanswered_since is None and before.not_found_since is None
    if before.queried_at is None or before.found_at is None or before.confirmed_until is None or not was_found:
        return shortest
    last = (before.confirmed_until - before.found_at).total_seconds() / CONFIRMED_INTERVALS
    waited = (turn.as_of - before.queried_at).total_seconds()
    return min(max(shortest, min(waited, 2 * last)), _MOST_INTERVALS * shortest)


def mark_not_found(probe: Probe, turn: Turn, *, empty: bool = False) -> Probe:
    """Agora did not find the recorder. `empty`: nobody is in the channel either."""
    return replace(
        probe,
        not_found=probe.not_found + 1,
        not_found_since=probe.not_found_since or turn.now,
        found_empty=probe.found_empty + 1 if empty else 0,
    )


def is_gone(probe: Probe, turn: Turn) -> bool:
    """Whether Agora has not found the recorder for longer than a move to another server takes."""
    return turn.past_as_of(probe.not_found_since, turn.policy.failover_grace)


def next_query_at(probe: Probe, turn: Turn) -> datetime:
    """When to query a recorder again that was not found: soon, and at the end of the grace period."""
    start = probe.not_found_since or turn.now
    return turn.capped(turn.retry_not_found_at(probe.not_found), start, turn.policy.failover_grace)


def mark_answered(recording: Recording, status: RecorderStatus | None = None) -> Recording:
    """Agora gave a usable answer."""
    probe = replace(recording.probe, unanswered_since=None, unanswered_reason=None, unreadable_answer="")
    if status is None:
        return replace(recording, tries=0, probe=probe)
    files = merge_files(recording.files, status.files)
    return replace(recording, tries=0, probe=replace(probe, status=status.status), files=files)


def mark_unanswered(recording: Recording, error: AgoraError, turn: Turn) -> Recording:
    """Agora gave no usable answer. The engine asks again; the recording never fails for it."""
    is_rejected = isinstance(error, Unauthorized)
    tries = recording.tries + 1
    patient_tries = tries if not isinstance(error, RateLimited) else len(turn.policy.retry_backoff) + 1
    retry_after = min(error.retry_after or 0, max(_LONGEST_RETRY_AFTER, 3 * turn.policy.query_interval))
    retry_at = turn.retry_at(patient_tries, retry_after=retry_after, patient=True)
    probe = replace(
        recording.probe,
        not_found=0,
        found_empty=0,
        unanswered_since=recording.probe.unanswered_since or turn.as_of,
        unanswered_reason=Reason.UNAUTHORIZED if is_rejected else Reason.AGORA_UNREACHABLE,
        unreadable_answer=str(error) if isinstance(error, Unreadable | AgoraRefused) and not is_rejected else "",
        confirmation_expired=recording.probe.confirmation_expired or is_rejected,
        queried_at=turn.now,
    )
    next_step_at = min(retry_at, max(turn.next_query_at(), turn.later(retry_after)))
    return replace(recording, tries=tries, probe=probe, next_step_at=next_step_at)


def merge_files(known: tuple[str, ...], named: tuple[str, ...]) -> tuple[str, ...]:
    """All file names, each once, in the order in which Agora first named them."""
    return tuple(dict.fromkeys((*known, *named)))
