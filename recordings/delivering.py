"""From a recorder that is gone until its files are in the bucket, or somebody has been told that they are not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from recordings.actions import Change, Outcome
from recordings.endings import end
from recordings.errors import BucketDenied, BucketError, BucketUnreachable, BucketWrong
from recordings.model import Alert, AlertKind, Delivered, Delivery, Reason, Recording, State, Turn
from recordings.ports import StoredFile
from recordings.sightings import Sighting, Verdict, basename, expected, judge

BACKUP_SECONDS = 24 * 3600.0
"""For so long Agora's backup goes on trying to store what it keeps."""
LATE_SECONDS = 24 * 3600.0
"""For so long files that were told as missing are looked for."""
_LATE_EVERY = 10
"""Intervals between two looks for those."""
_IN_BACKUP = "backuped"
_NOBODY_THERE = frozenset({"NoConnection", "NoAnswer", "NoSuchHost", "BadCertificate"})
_BEFORE_THE_END = timedelta(minutes=1)
_OURS_ALONE = frozenset({"NotAStorage", "RequestTimeTooSkewed"})
"""What is wrong on the way from here, and not with what Agora was given: a proxy's page, this machine's clock."""


def after_look(recording: Recording, outcome: Outcome, turn: Turn) -> Change:
    """What was found means. The files are waited for, told as there or as missing, or can't be looked for."""
    before = recording.delivery or Delivery()
    match outcome.answer:
        case Sighting() as sighting:
            return _after_sighting(recording, before, sighting, turn)
        case BucketWrong() as error if turn.policy.bucket_is_agoras and error.code not in _OURS_ALONE:
            return _missing(recording, replace(before, code=error.code), turn)
        case BucketUnreachable() as error:
            return _after_silence(recording, replace(before, failures=before.failures + 1), error, turn)
        case BucketDenied() | BucketError() as error:
            return _unverified(recording, before, error, turn)
    raise TypeError(f"{outcome.answer!r} is nothing that can be found in a bucket")


def _after_sighting(recording: Recording, before: Delivery, sighting: Sighting, turn: Turn) -> Change:
    verdict = judge(sighting, recording.files)
    now = _seen(before, verdict, _name(sighting.files))
    in_backup = recording.uploading_status == _IN_BACKUP
    waited_enough = turn.past(_begun(recording), BACKUP_SECONDS if in_backup else turn.policy.delivery_timeout)
    if _all_there(recording, verdict, turn) or (waited_enough and _will_do(recording, verdict)):
        still = verdict.finished or now.seen == before.seen or turn.past(_begun(recording), LATE_SECONDS)
        return _ready(recording, now, turn) if still else _once_more(recording, before, now, turn)
    if waited_enough:
        return _missing(recording, replace(now, missing=_absent(recording, verdict)), turn)
    return _in_backup(recording, now, turn) if in_backup else _again(recording, now, turn)


def _all_there(recording: Recording, verdict: Verdict, turn: Turn) -> bool:
    return verdict.whole and (
        not _another_part_is_made(recording, verdict) or turn.past(_begun(recording), turn.policy.delivery_timeout)
    )


def _another_part_is_made(recording: Recording, verdict: Verdict) -> bool:
    """Whether the newest MP4 file was stored so long before the end that it can't reach up to it. A new one is begun
    after two to three hours or 2 GB, which the length alone does not tell."""
    if verdict.part_at is None or verdict.segment_at is None:
        return False
    return verdict.part_at + _BEFORE_THE_END < min(verdict.segment_at, _begun(recording))


def _seen(before: Delivery, verdict: Verdict, seen: str) -> Delivery:
    return Delivery(
        state=before.state,
        parts=verdict.parts,
        playlists=verdict.playlists,
        seconds=verdict.seconds,
        size=verdict.size,
        missing=verdict.missing,
        empty=verdict.empty,
        looks=before.looks + 1,
        seen=seen,
    )


def _name(files: Sequence[StoredFile]) -> str:
    """The same for two looks that found the same."""
    newest = max((file.stored_at for file in files), default=None)
    return f"{len(files)} files, {sum(file.size for file in files)} bytes, {newest}"


def _begun(recording: Recording) -> datetime:
    return recording.ended_at or recording.requested_at


def _will_do(recording: Recording, verdict: Verdict) -> bool:
    """HLS is a recording too. An MP4 that was named has to come; a recorder that died may not have made any."""
    return verdict.playable and (not verdict.parts or not verdict.owed or recording.state is State.FAILED)


def _absent(recording: Recording, verdict: Verdict) -> tuple[str, ...]:
    """What should be there and is not: what was named, and else what the rules for names lead to expect."""
    if verdict.playlists or verdict.missing:
        return tuple(dict.fromkeys((*verdict.owed, *verdict.missing)))
    present = {basename(part.key) for part in verdict.parts}
    return tuple(name for name in expected(recording.sid or "", recording.agora_channel) if name not in present)


def _ready(recording: Recording, delivery: Delivery, turn: Turn) -> Change:
    ready = replace(delivery, state=Delivered.READY, missing=(), empty=())
    told = delivery.state in (Delivered.MISSING, Delivered.IN_BACKUP)
    reason = {Delivered.MISSING: Reason.NOT_DELIVERED, Delivered.IN_BACKUP: Reason.IN_BACKUP}.get(delivery.state)
    change = _over(recording, ready, turn)
    recovered = (_alert(AlertKind.RECOVERED, reason, change.recording, turn),) if told else ()
    files = _alert(AlertKind.FILES, None, change.recording, turn)
    return replace(change, alerts=(*change.alerts, *recovered, files))


def _unverified(recording: Recording, delivery: Delivery, error: BucketError, turn: Turn) -> Change:
    if delivery.state is Delivered.MISSING:
        # Told so before, and nobody can look any more: that stays, and what is missing is still what was missing.
        return _over(recording, delivery, turn)
    return _over(recording, replace(delivery, state=Delivered.UNVERIFIED, code=error.code), turn)


def _after_silence(recording: Recording, delivery: Delivery, error: BucketUnreachable, turn: Turn) -> Change:
    """One that was never reached is not waited for: most likely the network does not let the bot look."""
    patience = {Delivered.MISSING: LATE_SECONDS, Delivered.IN_BACKUP: BACKUP_SECONDS}
    nobody = delivery.looks == 0 and error.code in _NOBODY_THERE
    unheard = nobody and delivery.failures > len(turn.policy.retry_backoff)
    if unheard or turn.past(_begun(recording), patience.get(delivery.state, turn.policy.delivery_timeout)):
        return _unverified(recording, delivery, error, turn)
    again = turn.retry_at(delivery.failures, patient=True)
    return Change(replace(recording, delivery=delivery, next_step_at=again))


def _again(recording: Recording, delivery: Delivery, turn: Turn) -> Change:
    wait = min(turn.policy.soon * (1 + delivery.looks / 4), 2 * turn.policy.query_interval)
    by_then = turn.by(turn.later(wait), _begun(recording), turn.policy.delivery_timeout)
    return Change(replace(recording, delivery=delivery, next_step_at=by_then))


def _once_more(recording: Recording, before: Delivery, now: Delivery, turn: Turn) -> Change:
    """It looks complete, and something came in since the last look. What was told as missing stays so until then."""
    missing = before.state is Delivered.MISSING
    return _again(recording, replace(before, looks=now.looks, failures=0, seen=now.seen) if missing else now, turn)


def _in_backup(recording: Recording, delivery: Delivery, turn: Turn) -> Change:
    change = _again(recording, replace(delivery, state=Delivered.IN_BACKUP), turn)
    told = delivery.state is Delivered.IN_BACKUP
    alerts = () if told else (_alert(AlertKind.WARNING, Reason.IN_BACKUP, change.recording, turn),)
    return replace(change, alerts=alerts)


def _missing(recording: Recording, delivery: Delivery, turn: Turn) -> Change:
    """Told once; looked for every now and then for a day."""
    missing = replace(delivery, state=Delivered.MISSING)
    gone_for_good = turn.past(_begun(recording), LATE_SECONDS) or delivery.code
    change = _over(recording, missing, turn)
    if not gone_for_good:
        later = turn.by(turn.later(_LATE_EVERY * turn.policy.query_interval), _begun(recording), LATE_SECONDS)
        change = replace(change, recording=replace(change.recording, files_awaited=True, next_step_at=later))
    if delivery.state is Delivered.MISSING:
        return change
    warning = _alert(AlertKind.WARNING, Reason.NOT_DELIVERED, change.recording, turn)
    return replace(change, alerts=(*change.alerts, warning))


def _over(recording: Recording, delivery: Delivery, turn: Turn) -> Change:
    """Nothing more is looked for, and what was being uploaded is over."""
    settled = replace(recording, delivery=delivery, files_awaited=False)
    if recording.state is not State.UPLOADING:
        return Change(settled)
    # Whoever has to hear that it ended has heard it when the recorder was gone.
    return Change(end(settled, recording.ending or Reason.STOPPED, (), turn).recording)


def _alert(kind: AlertKind, reason: Reason | None, recording: Recording, turn: Turn) -> Alert:
    return Alert(kind=kind, reason=reason, cause=reason or "files", recording=recording, raised_at=turn.now)
