"""The details for engineers and for Agora's support, to be copied: in a fixed-width font, with times in UTC."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from messages.blocks import Block, Message, call, context, escape, exact_span, section
from messages.files import file_size
from recordings.model.alerts import AlertKind
from recordings.model.delivery import DeliveryState
from recordings.model.options import Options
from recordings.model.reason import Reason
from recordings.model.recorder import Recorder
from recordings.model.recording import Recording, State
from recordings.model.reported import Gap
from recordings.model.segments import LostSegment
from recordings.service.details import Details

_LONGEST, _LONGEST_ID = 330, 2000
"""Characters of a value, escaped. Agora's resource ids have hundreds, and a cut one is useless."""
_LONGEST_TABLE, _ROOM = 2980, 10_000
"""Characters of one section, and of all together: Slack refuses blocks of about 13,000."""
_LABEL = 16
"""Characters of the column of labels: longer than every label."""
_NAMES_SHOWN, _GAPS_SHOWN = 4, 5
_STOPPED_HERE = frozenset({Reason.STOPPED, Reason.NO_MEDIA})
_FILE_WARNINGS = {DeliveryState.MISSING: Reason.NOT_DELIVERED, DeliveryState.IN_BACKUP: Reason.IN_BACKUP}
Facts = list[tuple[str, str]]


def details(record: Details, folder: str = "") -> Message:
    """All known facts about a recording and its recorders, newest first. `folder`: the bucket and its folders."""
    recording = record.recording
    newest_first = list(reversed(record.recorders))
    tables = [_table(_recording_facts(recording, folder)), *(_table(_recorder_facts(one)) for one in newest_first)]
    shown, size = 1, len(tables[0])
    while shown < len(tables) and size + len(tables[shown]) + 2 <= _ROOM:
        size += len(tables[shown]) + 2
        shown += 1
    head = f"Details of {call(recording.agora_channel)} for engineers and Agora's support"
    left = len(tables) - shown
    more = (context(f"and {left} earlier {'recorder' if left == 1 else 'recorders'}"),) if left else ()
    blocks = (section(f"{head}:"), *_code_blocks(tables[:shown]), *more)
    return Message(text=f"{head}. Recording `{recording.id}`, state {recording.state}.", blocks=blocks)


def _code_blocks(tables: Sequence[str]) -> list[Block]:
    """One code block, to be copied at once; more if Slack's limit for one is too small."""
    packed: list[str] = []
    for table in tables:
        if packed and len(packed[-1]) + len(table) + 2 <= _LONGEST_TABLE:
            packed[-1] += f"\n\n{table}"
        else:
            packed.append(table)
    return [section(f"```\n{text}\n```") for text in packed]


def _recording_facts(recording: Recording, folder: str) -> Facts:
    reason = f" ({recording.reason})" if recording.reason else ""
    seen = recording.reported.notifications
    return [
        ("recording", recording.id),
        ("call", recording.agora_channel),
        ("sid", recording.sid or "none"),
        ("state", f"{recording.state}{reason}"),
        *(("code", code) for code in codes(recording)),
        ("Agora's words", recording.detail),
        ("Agora's status", "none" if recording.probe.status is None else str(recording.probe.status)),
        ("last query", _utc(recording.probe.queried_at)),
        *_doubts(recording),
        ("requested", _utc(recording.requested_at)),
        ("requested by", recording.started_by),
        ("started", _utc(recording.started_at) or "never"),
        ("first file", _utc(recording.first_file_at)),
        ("ends", _utc(recording.intent.ends_at) if not recording.is_over else ""),
        ("stop requested", _stop(recording)),
        ("ended", _utc(recording.ended_at) or "not yet"),
        ("options", _options(recording.options)),
        ("layout", _layout(recording)),
        ("notifications", f"{seen} received" if seen else "none received"),
        ("folder", folder),
        *(("files", line) for line in _files(recording)),
        *((f"lost part {number}", _lost(segment)) for number, segment in enumerate(recording.lost_segments, start=1)),
        *(("gap", line) for line in _gaps(recording)),
    ]


def codes(recording: Recording) -> list[str]:
    """What the row says of its alerts, as in their small print: `recording_failed · lost`."""
    pairs: list[tuple[AlertKind, Reason]] = []
    reason, delivery = recording.reason, recording.delivery
    if recording.state is State.FAILED and reason is not None:
        pairs.append((AlertKind.FAILED, reason))
    if recording.state is State.ENDED and reason is not None and reason not in _STOPPED_HERE:
        pairs.append((AlertKind.ENDED, reason))
    if delivery is not None and delivery.state in _FILE_WARNINGS:
        pairs.append((AlertKind.WARNING, _FILE_WARNINGS[delivery.state]))
    if recording.reported.upload_warning_open:
        pairs.append((AlertKind.WARNING, Reason.UPLOAD_FAILING))
    if recording.reported.silence_warning_open:
        pairs.append((AlertKind.WARNING, Reason.SILENT))
    if recording.nothing_stored_warned_at is not None and recording.first_file_at is None and not recording.is_over:
        pairs.append((AlertKind.WARNING, Reason.NOTHING_STORED))
    return [f"{kind} · {cause}" for kind, cause in pairs]


def _doubts(recording: Recording) -> Facts:
    """Why nothing is known about a running recorder."""
    probe = recording.probe
    reason = f" ({probe.unanswered_reason})" if probe.unanswered_reason else ""
    unanswered = f"since {_utc(probe.unanswered_since)}{reason}" if probe.unanswered_since else ""
    not_found = f"since {_utc(probe.not_found_since)}" if probe.not_found_since else ""
    running = "" if recording.is_over else _utc(probe.found_at)
    return [("last found", running), ("not found", not_found), ("no answer", unanswered)]


def _stop(recording: Recording) -> str:
    by = f" by {recording.intent.stop_by}" if recording.intent.stop_by else ""
    return f"{_utc(recording.intent.stop_at)}{by}" if recording.intent.stop_at else ""


def _options(options: Options) -> str:
    return f"{options.media}, {options.resolution}" if options.has_picture else str(options.media)


def _layout(recording: Recording) -> str:
    if not recording.options.has_picture:
        return ""
    applied = recording.applied_layout
    large = f" (uid {applied.big_uid} is large)" if applied.big_uid is not None else ""
    chosen = f", chosen: {recording.layout}" if recording.layout is not recording.current_layout else ""
    refusal = f", refused: {applied.refusal}" if applied.refusal else ""
    return f"{recording.current_layout}{large}{chosen}{refusal}"


def _files(recording: Recording) -> list[str]:
    delivery = recording.delivery
    if delivery is None and recording.is_complete and not recording.files:
        return ["none expected"]
    if delivery is None or not delivery.checks:
        return ["not checked yet", *(f"named by Agora: {name}" for name in _some(recording.files))]
    code_ = f", the storage says {delivery.code}" if delivery.code else ""
    keys = tuple(file.key for file in delivery.media_files) + delivery.playlists
    headline = f"{delivery.state}: {len(delivery.media_files)} MP4, {file_size(delivery.size)} in all{code_}"
    return [headline, *_some(keys), *(f"missing: {name}" for name in _some(delivery.missing))]


def _lost(segment: LostSegment) -> str:
    running = f"sid {segment.sid}, uid {segment.uid}, up {_utc(segment.up_at)}, last found {_utc(segment.found_at)}"
    left = f", left {_utc(segment.left_at)}" if segment.left_at else ""
    resumed = f", resumed {_utc(segment.resumed_at)}" if segment.resumed_at else ""
    return f"{running}{left}, lost {_utc(segment.lost_at)}{resumed}"


def _some(names: tuple[str, ...]) -> list[str]:
    more = len(names) - _NAMES_SHOWN
    return [*names[:_NAMES_SHOWN], *([f"and {more} more"] if more > 0 else [])]


def _gaps(recording: Recording) -> list[str]:
    gaps = recording.gaps
    more = [f"and {len(gaps) - _GAPS_SHOWN} more"] if len(gaps) > _GAPS_SHOWN else []
    return [*(_gap(gap) for gap in gaps[:_GAPS_SHOWN]), *more]


def _gap(gap: Gap) -> str:
    begun, ended = _utc(gap.begun_at), _utc(gap.ended_at)
    # Both ends are shown without fractions: within one second there is no span to name.
    return (
        f"{begun}, under 1 s" if begun == ended else f"{begun} to {ended} ({exact_span(gap.ended_at - gap.begun_at)})"
    )


def _recorder_facts(recorder: Recorder) -> Facts:
    moved = f", {recorder.moved_uid} since Agora moved it" if recorder.moved_uid is not None else ""
    return [
        ("recorder uid", f"{recorder.uid}{moved}"),
        ("part", str(recorder.segment_number) if recorder.segment_number > 1 else ""),
        ("sid", recorder.sid or "none"),
        ("resource", recorder.resource_id or "none"),
        ("acquired", _utc(recorder.acquired_at) or "never"),
        ("start sent", _utc(recorder.start_sent_at) or "never"),
        ("sid received", _utc(recorder.sid_at)),
        ("gone", _utc(recorder.gone_at) or "not seen to be gone"),
    ]


def _utc(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _table(facts: Facts) -> str:
    """A line for each fact, as many as fit into one section."""
    lines = [f"{f'{label}:':<{_LABEL}} {_value(label, value)}" for label, value in facts if value]
    while sum(map(len, lines)) + len(lines) > _LONGEST_TABLE - 2:
        lines = [*lines[:-2], "…"]
    return "\n".join(lines)


def _value(name: str, value: str) -> str:
    """One escaped line, without backticks that would end the block."""
    most = _LONGEST_ID if name == "resource" else _LONGEST
    one_line = " ".join(value.split()).replace("`", "'")
    escaped = escape(one_line)
    # Cut before escaping, or the cut could split an escape sequence. One has at most five characters.
    return escaped if len(escaped) <= most else f"{escape(one_line[: most // 5])}…"
