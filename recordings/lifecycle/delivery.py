"""From a recorder that is gone until its files are in the bucket, or are reported as not delivered.

The files of the last segment decide. Files of earlier segments are delivered with them. What is missing of an earlier
segment is reported, and awaited only if some of it has arrived already.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from recordings.errors import BucketDenied, BucketError, BucketUnreachable, BucketWrong
from recordings.lifecycle.actions import Change, Outcome
from recordings.lifecycle.outcomes import end
from recordings.lifecycle.policy import Turn
from recordings.model.alerts import Alert, AlertKind
from recordings.model.delivery import Delivery, DeliveryState
from recordings.model.inventory import BucketListing, DeliveryCheck, ExpectedFiles, expected_files, inspect
from recordings.model.playlists import StoredFile, basename, least_names
from recordings.model.reason import Reason
from recordings.model.recording import Recording, State
from recordings.model.segments import IN_BACKUP, UPLOADED

BACKUP_SECONDS = 24 * 3600.0
"""How long Agora's backup goes on trying to store its files."""
LATE_SECONDS = 24 * 3600.0
"""How long files that were reported as missing are still checked for."""
_LATE_INTERVALS = 10
"""Query intervals between two of those checks."""
_NETWORK_CODES = frozenset({"NoConnection", "NoAnswer", "NoSuchHost", "BadCertificate"})
_LAST_MP4_MARGIN = timedelta(minutes=1)
_ONLY_OURS = frozenset({"NotAStorage", "RequestTimeTooSkewed"})
"""Errors of the bot's own way to the bucket (a proxy's page, this machine's clock), which Agora does not share."""
_RECOVERED_FROM = {DeliveryState.MISSING: Reason.NOT_DELIVERED, DeliveryState.IN_BACKUP: Reason.IN_BACKUP}


@dataclass(frozen=True, slots=True)
class _CheckedSegment:
    """What one segment should have stored, and what it has."""

    expected: ExpectedFiles
    check: DeliveryCheck

    @property
    def all_named_by_agora(self) -> bool:
        """Whether Agora says that everything is uploaded, and names it: another MP4 file will not come."""
        return self.expected.uploading_status == UPLOADED and bool(self.expected.named)

    @property
    def is_enough(self) -> bool:
        """Whether it can be delivered without waiting. The HLS files are a recording too. An MP4 file that Agora named
        has to come; a recorder that died may have made none."""
        check = self.check
        is_mp4_settled = not check.media_files or not check.missing_mp4_of_last_server or self.expected.may_lack_mp4
        return check.is_playable and is_mp4_settled


def after_check(recording: Recording, outcome: Outcome, turn: Turn) -> Change:
    """The files are awaited, ready, missing, or can't be verified."""
    before = recording.delivery or Delivery()
    match outcome.answer:
        case BucketListing() as listing:
            return _after_listing(recording, before, listing, turn)
        case BucketWrong() as error if turn.policy.bucket_is_agoras and error.code not in _ONLY_OURS:
            return _missing(recording, replace(before, code=error.code), turn)
        case BucketUnreachable() as error:
            return _after_no_answer(recording, replace(before, failures=before.failures + 1), error, turn)
        case BucketDenied() | BucketError() as error:
            return _unverified(recording, before, error, turn)
    raise TypeError(f"{outcome.answer!r} is nothing that can be found in a bucket")


def _after_listing(recording: Recording, before: Delivery, listing: BucketListing, turn: Turn) -> Change:
    *earlier, last = _check_segments(listing, expected_files(recording))
    now = _delivery(before, [segment.check for segment in (*earlier, last)], _fingerprint(listing.files))
    in_backup = last.expected.uploading_status == IN_BACKUP
    timeout = BACKUP_SECONDS if in_backup else turn.policy.delivery_timeout
    is_timed_out = turn.past(_ended_at(recording), timeout)
    can_stop_waiting = is_timed_out or last.all_named_by_agora
    is_there = _is_all_there(recording, last.check, turn) or (can_stop_waiting and last.is_enough)
    if is_there and not any(_is_arriving(segment, turn) for segment in earlier):
        is_stable = now.fingerprint == before.fingerprint or turn.past(_ended_at(recording), LATE_SECONDS)
        if not last.check.finished and not is_stable:
            return _check_once_more(recording, before, now, turn)
        empty = tuple(name for segment in earlier for name in segment.check.empty)
        return _ready(recording, replace(now, missing=_missing_names(recording, earlier), empty=empty), turn)
    if is_timed_out:
        late = replace(now, missing=_missing_names(recording, (*earlier, last)))
        if _is_silent_end(recording, last) and any(segment.check.is_playable for segment in earlier):
            return _ready(recording, late, turn)
        return _missing(recording, late, turn)
    return _in_backup(recording, now, turn) if in_backup else _check_again(recording, now, turn)


# the segments


def _check_segments(listing: BucketListing, expected: Sequence[ExpectedFiles]) -> list[_CheckedSegment]:
    """Checks each segment against its own files; a single one against all of them."""
    if len(expected) < 2:
        only = expected[0] if expected else ExpectedFiles("")
        return [_CheckedSegment(only, inspect(listing, only.named))]
    return [_CheckedSegment(segment, inspect(listing.of(segment.sid), segment.named)) for segment in expected]


def _is_arriving(segment: _CheckedSegment, turn: Turn) -> bool:
    """Whether some files of a lost segment are there, it is not playable yet, and the rest can still come."""
    is_partial = segment.check.size > 0 and not segment.check.is_playable
    return is_partial and not turn.past(segment.expected.lost_at, turn.policy.delivery_timeout)


def _is_silent_end(recording: Recording, last: _CheckedSegment) -> bool:
    """Whether everybody left before the last segment stored anything, and before anybody was warned of that."""
    never_stored = (
        recording.first_file_at is None
        and recording.nothing_stored_warned_at is None
        and not last.expected.named
        and last.check.size == 0
    )
    return recording.reason is Reason.IDLE and last.expected.lost_at is None and never_stored


def _is_all_there(recording: Recording, check: DeliveryCheck, turn: Turn) -> bool:
    return check.is_complete and (
        not _is_another_mp4_coming(recording, check) or turn.past(_ended_at(recording), turn.policy.delivery_timeout)
    )


def _is_another_mp4_coming(recording: Recording, check: DeliveryCheck) -> bool:
    """Whether the newest MP4 file was stored so long before the end that it can't contain the end. Agora begins a new
    one after two to three hours or 2 GB, so the length of the recording alone does not tell."""
    if check.last_mp4_at is None or check.last_ts_at is None:
        return False
    return check.last_mp4_at + _LAST_MP4_MARGIN < min(check.last_ts_at, _ended_at(recording))


def _missing_names(recording: Recording, segments: Iterable[_CheckedSegment]) -> tuple[str, ...]:
    names = [name for segment in segments for name in _missing_of(recording, segment)]
    return tuple(dict.fromkeys(names))


def _missing_of(recording: Recording, segment: _CheckedSegment) -> tuple[str, ...]:
    """The missing files that Agora named; if there is no sign of any file, those that the naming rules require. A lost
    segment that is playable misses nothing."""
    expected, check = segment.expected, segment.check
    is_lost = expected.lost_at is not None
    if is_lost and check.is_playable:
        return ()
    if check.playlists or check.missing:
        return check.missing if is_lost else (*check.missing_mp4_of_last_server, *check.missing)
    stored = {basename(file.key) for file in check.media_files}
    return tuple(name for name in least_names(expected.sid, recording.agora_channel) if name not in stored)


def _delivery(before: Delivery, checks: Sequence[DeliveryCheck], fingerprint: str) -> Delivery:
    """The checks of all segments together, in order."""
    return Delivery(
        state=before.state,
        media_files=tuple(file for check in checks for file in check.media_files),
        playlists=tuple(key for check in checks for key in check.playlists),
        footage=tuple(footage for check in checks for footage in check.footage),
        seconds=sum(check.seconds for check in checks),
        size=sum(check.size for check in checks),
        missing=tuple(name for check in checks for name in check.missing),
        empty=tuple(name for check in checks for name in check.empty),
        checks=before.checks + 1,
        fingerprint=fingerprint,
    )


def _fingerprint(files: Sequence[StoredFile]) -> str:
    newest = max((file.stored_at for file in files), default=None)
    return f"{len(files)} files, {sum(file.size for file in files)} bytes, {newest}"


def _ended_at(recording: Recording) -> datetime:
    return recording.ended_at or recording.requested_at


# the results


def _ready(recording: Recording, delivery: Delivery, turn: Turn) -> Change:
    change = _finish(recording, replace(delivery, state=DeliveryState.READY), turn)
    alerts = list(change.alerts)
    if delivery.state in _RECOVERED_FROM:
        reason = _RECOVERED_FROM[delivery.state]
        alerts.append(Alert.raised(AlertKind.RECOVERED, reason, change.recording, turn.now))
    # After a warning that the files were missing, its recovery is the message that gives them.
    if delivery.state is not DeliveryState.MISSING:
        alerts.append(Alert.raised(AlertKind.FILES, None, change.recording, turn.now))
    return replace(change, alerts=tuple(alerts))


def _unverified(recording: Recording, delivery: Delivery, error: BucketError, turn: Turn) -> Change:
    """The bot can't read the bucket. Files that were reported as missing stay missing."""
    if delivery.state is DeliveryState.MISSING:
        return _finish(recording, delivery, turn)
    return _finish(recording, replace(delivery, state=DeliveryState.UNVERIFIED, code=error.code), turn)


def _after_no_answer(recording: Recording, delivery: Delivery, error: BucketUnreachable, turn: Turn) -> Change:
    """Tries again, but not for long if no check ever succeeded: most likely the bot's network blocks the bucket."""
    timeouts = {DeliveryState.MISSING: LATE_SECONDS, DeliveryState.IN_BACKUP: BACKUP_SECONDS}
    never_reached = delivery.checks == 0 and error.code in _NETWORK_CODES
    is_blocked = never_reached and delivery.failures > len(turn.policy.retry_backoff)
    if is_blocked or turn.past(_ended_at(recording), timeouts.get(delivery.state, turn.policy.delivery_timeout)):
        return _unverified(recording, delivery, error, turn)
    retry_at = turn.retry_at(delivery.failures, patient=True)
    return Change(replace(recording, delivery=delivery, next_step_at=retry_at))


def _check_again(recording: Recording, delivery: Delivery, turn: Turn) -> Change:
    """Waits a little longer after each check."""
    wait = min(turn.policy.soon * (1 + delivery.checks / 4), 2 * turn.policy.query_interval)
    next_step_at = turn.capped(turn.later(wait), _ended_at(recording), turn.policy.delivery_timeout)
    return Change(replace(recording, delivery=delivery, next_step_at=next_step_at))


def _check_once_more(recording: Recording, before: Delivery, now: Delivery, turn: Turn) -> Change:
    """The files look complete, but more arrived since the last check. Files that were reported as missing stay missing
    until the next check."""
    if before.state is DeliveryState.MISSING:
        now = replace(before, checks=now.checks, failures=0, fingerprint=now.fingerprint)
    return _check_again(recording, now, turn)


def _in_backup(recording: Recording, delivery: Delivery, turn: Turn) -> Change:
    change = _check_again(recording, replace(delivery, state=DeliveryState.IN_BACKUP), turn)
    if delivery.state is DeliveryState.IN_BACKUP:
        return change
    return replace(change, alerts=(Alert.raised(AlertKind.WARNING, Reason.IN_BACKUP, change.recording, turn.now),))


def _missing(recording: Recording, delivery: Delivery, turn: Turn) -> Change:
    """Reports the files as not delivered, once, and checks now and then for a day whether they come late."""
    change = _finish(recording, replace(delivery, state=DeliveryState.MISSING), turn)
    can_still_come = not turn.past(_ended_at(recording), LATE_SECONDS) and not delivery.code
    if can_still_come:
        wait = _LATE_INTERVALS * turn.policy.query_interval
        next_step_at = turn.capped(turn.later(wait), _ended_at(recording), LATE_SECONDS)
        change = replace(change, recording=replace(change.recording, files_awaited=True, next_step_at=next_step_at))
    if delivery.state is DeliveryState.MISSING:
        return change
    warning = Alert.raised(AlertKind.WARNING, Reason.NOT_DELIVERED, change.recording, turn.now)
    return replace(change, alerts=(*change.alerts, warning))


def _finish(recording: Recording, delivery: Delivery, turn: Turn) -> Change:
    """No more checks, and the end of a recording in state `uploading`."""
    checked = replace(recording, delivery=delivery, files_awaited=False)
    if recording.state is not State.UPLOADING:
        return Change(checked)
    # The alert about the end was raised when the recorder was gone.
    return Change(end(checked, recording.stop_reason or Reason.STOPPED, (), turn).recording)
