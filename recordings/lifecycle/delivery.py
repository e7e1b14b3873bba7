"""From a recorder that is gone until its files are in the bucket, or somebody has been told that they are not.

The files of the last part decide. What came of parts before it goes with them; what did not is told, and waited for
only where it has begun to come.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from recordings.errors import BucketDenied, BucketError, BucketUnreachable, BucketWrong
from recordings.lifecycle.actions import Change, Outcome
from recordings.lifecycle.outcomes import end
from recordings.lifecycle.policy import Turn
from recordings.model.alerts import Alert, AlertKind
from recordings.model.delivery import Delivery, DeliveryState
from recordings.model.inventory import (
    BucketListing,
    DeliveryCheck,
    ExpectedFiles,
    StoredFile,
    basename,
    expected,
    expected_files,
    inspect,
)
from recordings.model.reason import Reason
from recordings.model.recording import Recording, State
from recordings.model.segments import IN_BACKUP, UPLOADED

BACKUP_SECONDS = 24 * 3600.0
"""For so long Agora's backup goes on trying to store what it keeps."""
LATE_SECONDS = 24 * 3600.0
"""For so long files that were told as missing are looked for."""
_LATE_EVERY = 10
"""Intervals between two looks for those."""
_NOBODY_THERE = frozenset({"NoConnection", "NoAnswer", "NoSuchHost", "BadCertificate"})
_BEFORE_THE_END = timedelta(minutes=1)
_OURS_ALONE = frozenset({"NotAStorage", "RequestTimeTooSkewed"})
"""What is wrong on the way from here, and not with what Agora was given: a proxy's page, this machine's clock."""


def after_check(recording: Recording, outcome: Outcome, turn: Turn) -> Change:
    """What was found means. The files are waited for, told as there or as missing, or can't be looked for."""
    before = recording.delivery or Delivery()
    match outcome.answer:
        case BucketListing() as sighting:
            return _after_sighting(recording, before, sighting, turn)
        case BucketWrong() as error if turn.policy.bucket_is_agoras and error.code not in _OURS_ALONE:
            return _missing(recording, replace(before, code=error.code), turn)
        case BucketUnreachable() as error:
            return _after_silence(recording, replace(before, failures=before.failures + 1), error, turn)
        case BucketDenied() | BucketError() as error:
            return _unverified(recording, before, error, turn)
    raise TypeError(f"{outcome.answer!r} is nothing that can be found in a bucket")


def _after_sighting(recording: Recording, before: Delivery, sighting: BucketListing, turn: Turn) -> Change:
    parts = _judged(sighting, expected_files(recording))
    last, verdict = parts[-1]
    now = _seen(before, [each for _, each in parts], _name(sighting.files))
    in_backup = last.uploading_status == IN_BACKUP
    waited_enough = turn.past(_begun(recording), BACKUP_SECONDS if in_backup else turn.policy.delivery_timeout)
    enough = waited_enough or _agora_named_all(last)
    there = _all_there(recording, verdict, turn) or (enough and _will_do(last, verdict))
    coming = any(_is_coming(part, each, turn) for part, each in parts[:-1])
    if there and not coming:
        still = verdict.finished or now.seen == before.seen or turn.past(_begun(recording), LATE_SECONDS)
        found = replace(now, missing=_absent(recording, parts[:-1]), empty=_hollow(parts[:-1]))
        return _ready(recording, found, turn) if still else _once_more(recording, before, now, turn)
    if waited_enough:
        late = replace(now, missing=_absent(recording, parts))
        if _nobody_spoke(recording, last, verdict) and any(each.playable for _, each in parts[:-1]):
            return _ready(recording, late, turn)
        return _missing(recording, late, turn)
    return _in_backup(recording, now, turn) if in_backup else _again(recording, now, turn)


def _judged(sighting: BucketListing, parts: Sequence[ExpectedFiles]) -> list[tuple[ExpectedFiles, DeliveryCheck]]:
    """Each part with the verdict over what is its own."""
    if len(parts) < 2:
        only = parts[0] if parts else ExpectedFiles("")
        return [(only, inspect(sighting, only.named))]
    return [(part, inspect(sighting.of(part.sid), part.named)) for part in parts]


def _is_coming(part: ExpectedFiles, verdict: DeliveryCheck, turn: Turn) -> bool:
    """Whether something of a lost part is there, not yet what it takes to play it, and that can still come."""
    return verdict.size > 0 and not verdict.playable and not turn.past(part.lost_at, turn.policy.delivery_timeout)


def _nobody_spoke(recording: Recording, last: ExpectedFiles, verdict: DeliveryCheck) -> bool:
    """Whether the last part ended since nobody was left, before anything of it was stored or missed."""
    never_stored = recording.first_file_at is None and recording.nothing_stored_at is None and not last.named
    return recording.reason is Reason.IDLE and last.lost_at is None and never_stored and verdict.size == 0


def _agora_named_all(part: ExpectedFiles) -> bool:
    """Whether Agora says that everything is uploaded, and what that is: an MP4 that is not among it is not to come."""
    return part.uploading_status == UPLOADED and bool(part.named)


def _all_there(recording: Recording, verdict: DeliveryCheck, turn: Turn) -> bool:
    return verdict.whole and (
        not _another_part_is_made(recording, verdict) or turn.past(_begun(recording), turn.policy.delivery_timeout)
    )


def _another_part_is_made(recording: Recording, verdict: DeliveryCheck) -> bool:
    """Whether the newest MP4 file was stored so long before the end that it can't reach up to it. A new one is begun
    after two to three hours or 2 GB, which the length alone does not tell."""
    if verdict.part_at is None or verdict.segment_at is None:
        return False
    return verdict.part_at + _BEFORE_THE_END < min(verdict.segment_at, _begun(recording))


def _seen(before: Delivery, verdicts: Sequence[DeliveryCheck], seen: str) -> Delivery:
    """What was found of every part, in order."""
    return Delivery(
        state=before.state,
        media_files=tuple(file for verdict in verdicts for file in verdict.media_files),
        playlists=tuple(key for verdict in verdicts for key in verdict.playlists),
        seconds=sum(verdict.seconds for verdict in verdicts),
        size=sum(verdict.size for verdict in verdicts),
        missing=tuple(name for verdict in verdicts for name in verdict.missing),
        empty=tuple(name for verdict in verdicts for name in verdict.empty),
        checks=before.checks + 1,
        seen=seen,
    )


def _name(files: Sequence[StoredFile]) -> str:
    """The same for two looks that found the same."""
    newest = max((file.stored_at for file in files), default=None)
    return f"{len(files)} files, {sum(file.size for file in files)} bytes, {newest}"


def _begun(recording: Recording) -> datetime:
    return recording.ended_at or recording.requested_at


def _will_do(part: ExpectedFiles, verdict: DeliveryCheck) -> bool:
    """HLS is a recording too. An MP4 that was named has to come; a recorder that died may not have made any."""
    return verdict.playable and (not verdict.media_files or not verdict.owed or part.died)


def _absent(recording: Recording, parts: Sequence[tuple[ExpectedFiles, DeliveryCheck]]) -> tuple[str, ...]:
    """What should be there and is not, of every part that can't be played as it is."""
    names = [name for part, verdict in parts for name in _absent_of(recording, part, verdict)]
    return tuple(dict.fromkeys(names))


def _absent_of(recording: Recording, part: ExpectedFiles, verdict: DeliveryCheck) -> tuple[str, ...]:
    """What was named, and else what the rules for names lead to expect."""
    lost = part.lost_at is not None
    if lost and verdict.playable:
        return ()
    if verdict.playlists or verdict.missing:
        return verdict.missing if lost else (*verdict.owed, *verdict.missing)
    present = {basename(file.key) for file in verdict.media_files}
    return tuple(name for name in expected(part.sid, recording.agora_channel) if name not in present)


def _hollow(parts: Sequence[tuple[ExpectedFiles, DeliveryCheck]]) -> tuple[str, ...]:
    return tuple(name for _, verdict in parts for name in verdict.empty)


def _ready(recording: Recording, delivery: Delivery, turn: Turn) -> Change:
    ready = replace(delivery, state=DeliveryState.READY)
    told = delivery.state in (DeliveryState.MISSING, DeliveryState.IN_BACKUP)
    reason = {DeliveryState.MISSING: Reason.NOT_DELIVERED, DeliveryState.IN_BACKUP: Reason.IN_BACKUP}.get(
        delivery.state
    )
    change = _over(recording, ready, turn)
    recovered = (_alert(AlertKind.RECOVERED, reason, change.recording, turn),) if told else ()
    files = _alert(AlertKind.FILES, None, change.recording, turn)
    return replace(change, alerts=(*change.alerts, *recovered, files))


def _unverified(recording: Recording, delivery: Delivery, error: BucketError, turn: Turn) -> Change:
    if delivery.state is DeliveryState.MISSING:
        # Told so before, and nobody can look any more: that stays, and what is missing is still what was missing.
        return _over(recording, delivery, turn)
    return _over(recording, replace(delivery, state=DeliveryState.UNVERIFIED, code=error.code), turn)


def _after_silence(recording: Recording, delivery: Delivery, error: BucketUnreachable, turn: Turn) -> Change:
    """One that was never reached is not waited for: most likely the network does not let the bot look."""
    patience = {DeliveryState.MISSING: LATE_SECONDS, DeliveryState.IN_BACKUP: BACKUP_SECONDS}
    nobody = delivery.checks == 0 and error.code in _NOBODY_THERE
    ignore_response = nobody and delivery.failures > len(turn.policy.retry_backoff)
    if ignore_response or turn.past(_begun(recording), patience.get(delivery.state, turn.policy.delivery_timeout)):
        return _unverified(recording, delivery, error, turn)
    again = turn.retry_at(delivery.failures, patient=True)
    return Change(replace(recording, delivery=delivery, next_step_at=again))


def _again(recording: Recording, delivery: Delivery, turn: Turn) -> Change:
    wait = min(turn.policy.soon * (1 + delivery.checks / 4), 2 * turn.policy.query_interval)
    by_then = turn.by(turn.later(wait), _begun(recording), turn.policy.delivery_timeout)
    return Change(replace(recording, delivery=delivery, next_step_at=by_then))


def _once_more(recording: Recording, before: Delivery, now: Delivery, turn: Turn) -> Change:
    """It looks complete, and something came in since the last look. What was told as missing stays so until then."""
    missing = before.state is DeliveryState.MISSING
    return _again(recording, replace(before, checks=now.checks, failures=0, seen=now.seen) if missing else now, turn)


def _in_backup(recording: Recording, delivery: Delivery, turn: Turn) -> Change:
    change = _again(recording, replace(delivery, state=DeliveryState.IN_BACKUP), turn)
    told = delivery.state is DeliveryState.IN_BACKUP
    alerts = () if told else (_alert(AlertKind.WARNING, Reason.IN_BACKUP, change.recording, turn),)
    return replace(change, alerts=alerts)


def _missing(recording: Recording, delivery: Delivery, turn: Turn) -> Change:
    """Told once; looked for every now and then for a day."""
    missing = replace(delivery, state=DeliveryState.MISSING)
    gone_for_good = turn.past(_begun(recording), LATE_SECONDS) or delivery.code
    change = _over(recording, missing, turn)
    if not gone_for_good:
        later = turn.by(turn.later(_LATE_EVERY * turn.policy.query_interval), _begun(recording), LATE_SECONDS)
        change = replace(change, recording=replace(change.recording, files_awaited=True, next_step_at=later))
    if delivery.state is DeliveryState.MISSING:
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
