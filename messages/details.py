"""The details that Agora's support asks for, to be copied: in a fixed-width font, with times in UTC."""

from __future__ import annotations

from datetime import UTC, datetime

from messages.blocks import Block, Message, code, context, escape, exact_span, section
from messages.files import file_size
from recordings.model.recorder import Recorder
from recordings.model.recording import Recording
from recordings.model.segments import LostSegment
from recordings.service.details import Details

_LONGEST, _LONGEST_ID = 330, 2000
"""Characters of a value, escaped. Agora's resource ids have hundreds, and a cut one is useless."""
_ROOM = 10_000
"""Characters of all sections together: Slack refuses blocks of about 13,000."""
_NAMES_SHOWN, _GAPS_SHOWN = 4, 5


def details(record: Details) -> Message:
    """All known facts about a recording and its recorders, newest first."""
    recording = record.recording
    head = f"Details of the recording of {code(recording.agora_channel)}, for Agora's support"
    blocks = [section(head), _table(_recording_facts(recording))]
    room = _ROOM - len(blocks[1]["text"]["text"])
    newest_first = list(reversed(record.recorders))
    for shown, recorder in enumerate(newest_first):
        block = _table(_recorder_facts(recorder))
        room -= len(block["text"]["text"])
        if room < 0:
            blocks.append(context(f"and {len(newest_first) - shown} earlier recorders"))
            break
        blocks.append(block)
    return Message(text=f"{head}. Reference `{recording.id}`", blocks=tuple(blocks))


def _recording_facts(recording: Recording) -> list[tuple[str, str]]:
    reason = f" ({recording.reason})" if recording.reason else ""
    return [
        ("reference", recording.id),
        ("channel", recording.agora_channel),
        ("sid", recording.sid or "none"),
        ("state", f"{recording.state}{reason}"),
        ("Agora's words", recording.detail),
        ("Agora's status", _last_status(recording)),
        ("asked for", _utc(recording.requested_at)),
        ("started", _utc(recording.started_at) or "never"),
        ("first file", _utc(recording.first_file_at)),
        ("ended", _utc(recording.ended_at) or "not yet"),
        (
            "notifications",
            f"{recording.reported.notifications} seen" if recording.reported.notifications else "none seen",
        ),
        *(("files", line) for line in _files(recording)),
        *((f"part {number}", _lost(segment)) for number, segment in enumerate(recording.lost_segments, start=1)),
        *(("gap", line) for line in _gaps(recording)),
    ]


def _last_status(recording: Recording) -> str:
    if recording.probe.status is None:
        return "none"
    at = _utc(recording.probe.queried_at)
    return f"{recording.probe.status}, at {at}" if at else str(recording.probe.status)


def _files(recording: Recording) -> list[str]:
    delivery = recording.delivery
    if delivery is None or not delivery.checks:
        return ["not looked for yet", *(f"named by Agora: {name}" for name in _some(recording.files))]
    code_ = f", the storage says {delivery.code}" if delivery.code else ""
    keys = tuple(file.key for file in delivery.media_files) + delivery.playlists
    headline = f"{delivery.state}: {len(delivery.media_files)} MP4, {file_size(delivery.size)} in all{code_}"
    return [headline, *_some(keys), *(f"missing: {name}" for name in _some(delivery.missing))]


def _lost(segment: LostSegment) -> str:
    running = f"sid {segment.sid}, uid {segment.uid}, up {_utc(segment.up_at)}, last found {_utc(segment.found_at)}"
    left = f", left {_utc(segment.left_at)}" if segment.left_at else ""
    resumed = f", recorded on {_utc(segment.resumed_at)}" if segment.resumed_at else ""
    return f"{running}{left}, lost {_utc(segment.lost_at)}{resumed}"


def _some(names: tuple[str, ...]) -> list[str]:
    more = len(names) - _NAMES_SHOWN
    return [*names[:_NAMES_SHOWN], *([f"and {more} more"] if more > 0 else [])]


def _gaps(recording: Recording) -> list[str]:
    gaps = recording.gaps
    shown = [
        f"{_utc(gap.begun_at)} to {_utc(gap.ended_at)} ({exact_span(gap.ended_at - gap.begun_at)})"
        for gap in gaps[:_GAPS_SHOWN]
    ]
    return [*shown, *([f"and {len(gaps) - len(shown)} more"] if len(gaps) > len(shown) else [])]


def _recorder_facts(recorder: Recorder) -> list[tuple[str, str]]:
    moved = f", {recorder.moved_uid} since Agora moved it" if recorder.moved_uid is not None else ""
    return [
        ("recorder uid", f"{recorder.uid}{moved}"),
        ("for part", str(recorder.segment_number) if recorder.segment_number > 1 else ""),
        ("sid", recorder.sid or "none"),
        ("resource id", recorder.resource_id or "none"),
        ("acquired", _utc(recorder.acquired_at) or "never"),
        ("start sent", _utc(recorder.start_sent_at) or "never"),
        ("sid known", _utc(recorder.sid_at)),
        ("gone", _utc(recorder.gone_at) or "not seen to be gone"),
    ]


def _utc(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _table(facts: list[tuple[str, str]]) -> Block:
    lines = [f"{name:<14} {_value(name, value)}" for name, value in facts if value]
    text = "\n".join(lines)
    while len(text) > 2980:
        lines.pop()
        text = "\n".join([*lines, "…"])
    return section(f"```\n{text}\n```")


def _value(name: str, value: str) -> str:
    """One escaped line, without backticks that would end the block."""
    most = _LONGEST_ID if name == "resource id" else _LONGEST
    one_line = " ".join(value.split()).replace("`", "'")
    escaped = escape(one_line)
    # Cut before escaping, or the cut could split an escape sequence. One has at most five characters.
    return escaped if len(escaped) <= most else f"{escape(one_line[: most // 5])}…"
