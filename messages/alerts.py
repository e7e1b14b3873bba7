"""Alerts: what happened in one sentence, what to do next, and a reference that is also in the log."""

from __future__ import annotations

from messages.blocks import (
    CUT_NAME,
    Block,
    Message,
    clock,
    code,
    context,
    date_and_time,
    escape,
    metadata,
    person,
    plain,
    sections,
    typed,
)
from messages.buttons import acknowledge_button, again_button, details_button
from messages.cards import extend_button, gap_line, gap_lines, parts_line
from messages.copy import ENDED, FAILED, RECOVERED, WARNING, Wording, not_resumed
from messages.files import has_links, links_block, summary, what_is_wrong, where_the_files_are
from recordings.model.alerts import Acknowledgement, Alert, AlertKind
from recordings.model.delivery import Delivery
from recordings.model.reason import Reason
from recordings.model.recording import Recording

_HEADS = {
    AlertKind.FAILED: "❌ Recording failed",
    AlertKind.WARNING: "⚠️ Recording needs a look",
    AlertKind.RECOVERED: "✅ All well again",
    AlertKind.ENDED: "⏹️ Recording ended",
    AlertKind.FILES: "📁 The recording is ready",
}
_WORDS: dict[AlertKind, dict[Reason, Wording]] = {
    AlertKind.FAILED: FAILED,
    AlertKind.WARNING: WARNING,
    AlertKind.RECOVERED: RECOVERED,
    AlertKind.ENDED: ENDED,
}
_ACKNOWLEDGEABLE = frozenset({AlertKind.FAILED, AlertKind.WARNING})
_AGAIN = frozenset({Reason.TIME_LIMIT, Reason.IDLE, Reason.STOPPED_ELSEWHERE})
_ABOUT_FILES = frozenset({Reason.NOT_DELIVERED, Reason.IN_BACKUP})
_CONCERNS_MANY = frozenset({Reason.AGORA_UNREACHABLE, Reason.UNAUTHORIZED, Reason.UNWATCHED})


def alert_message(
    alert: Alert,
    folder: str = "",
    *,
    direct: bool = False,
    acknowledgement: Acknowledgement | None = None,
    extension: float = 1_800,
) -> Message:
    """The alert as a message for the card's thread and the channel; `folder`: where the recording's files are, bucket
    and folders; `direct`: for the person who started the recording, since the channel can't be posted in; `taken`: who
    is on it; `extension`: the seconds by which an end can be put off."""
    if alert.kind is AlertKind.FILES:
        return _files(alert, folder, direct=direct)
    recording = alert.recording
    words = _WORDS[alert.kind].get(alert.reason or Reason.STOPPED, Wording(str(alert.reason)))
    many = alert.kind in (AlertKind.WARNING, AlertKind.RECOVERED) and alert.reason in _CONCERNS_MANY
    head = f"*{_HEADS[alert.kind]}*" + ("" if many else f": {code(recording.agora_channel)}")
    happened = " ".join(part for part in (_not_recorded_on(alert), words.happened) if part)
    lines = [head, happened, _until(alert), *_recorded_on(alert)]
    if alert.reason is Reason.NOT_DELIVERED and alert.kind is AlertKind.WARNING:
        lines.extend(what_is_wrong(recording.delivery or Delivery(), folder))
        if recording.files_awaited:
            lines.append("Agora may still be storing them, and I go on looking for a day.")
    lines.append(words.next_step)
    if direct:
        lines.append(_why_direct(recording))
    again = _start_again(recording) if _can_go_on(alert) else ""
    if direct:
        lines.append(again)
    if alert.kind in _ACKNOWLEDGEABLE:
        lines.append(f"For {person(recording.started_by)}, who started it")
    if acknowledgement is not None:
        lines.append(f"🙋 {person(acknowledgement.by)} is on it, since {clock(acknowledgement.at)}")
    detail = _detail(alert)
    name = "" if many else f": {plain(recording.agora_channel, CUT_NAME)}"
    return Message(
        text=" ".join(part for part in (f"{_HEADS[alert.kind]}{name}. {happened}", again) if part),
        blocks=(
            *sections([line for line in lines if line]),
            *(() if direct else _buttons(alert, acknowledgement, extension)),
            context(f"Reference `{recording.id}`{detail}"),
        ),
        metadata=metadata(str(alert.kind), recording, alert.reason),
    )


def _not_recorded_on(alert: Alert) -> str:
    """What there was to do: it was lost, and the reason is why no other recorder came up in its place."""
    lost_at = alert.recording.lost_segments[-1].recorded_until if alert.recording.lost_segments else None
    words = not_resumed(alert.recording) if alert.kind is AlertKind.FAILED else ""
    since = (
        f"Nothing has been recorded since {clock(lost_at)}; what was until then should be in the bucket."
        if lost_at
        else ""
    )
    return f"{words} {since}" if words else ""


def _recorded_on(alert: Alert) -> list[str]:
    """Which part it is now, and what is missing before it."""
    recording = alert.recording
    if (alert.kind, alert.reason) != (AlertKind.WARNING, Reason.LOST) or not recording.lost_segments:
        return []
    lost_at = recording.lost_segments[-1].lost_at
    missing = [gap_line(gap) for gap in recording.gaps if gap.ended_at >= lost_at]
    return [parts_line(recording), *(missing or ["Nothing should be missing"])]


def _until(alert: Alert) -> str:
    end = alert.recording.intent.ends_at
    if alert.reason is not Reason.ENDING_SOON or end is None:
        return ""
    return f"It is stopped at {date_and_time(end)}."


def _can_go_on(alert: Alert) -> bool:
    """Whether it is over though the call may go on, so that somebody may want to record it again."""
    return alert.kind is AlertKind.FAILED or (alert.kind is AlertKind.ENDED and alert.reason in _AGAIN)


def _buttons(alert: Alert, acknowledgement: Acknowledgement | None, extension: float) -> tuple[Block, ...]:
    """What somebody may want to do about it; in the channel only, where it is known who they are."""
    recording = alert.recording
    if alert.reason is Reason.ENDING_SOON:
        return _row(alert, [extend_button(recording, extension)])
    buttons = [again_button(recording)] if _can_go_on(alert) else []
    if alert.kind in _ACKNOWLEDGEABLE and acknowledgement is None:
        buttons.append(acknowledge_button(alert))
    if alert.kind is not AlertKind.RECOVERED:
        buttons.append(details_button(recording))
    return _row(alert, buttons)


def _row(alert: Alert, buttons: list[Block]) -> tuple[Block, ...]:
    name = f"alert-{alert.recording.id}"
    return ({"type": "actions", "block_id": name, "elements": buttons},) if buttons else ()


def _detail(alert: Alert) -> str:
    recording = alert.recording
    if alert.kind is AlertKind.WARNING and alert.reason in _ABOUT_FILES and recording.sid:
        return f" · sid {code(recording.sid)}"
    return f" · {plain(recording.detail)}" if recording.detail and alert.kind is AlertKind.FAILED else ""


def _files(alert: Alert, folder: str, *, direct: bool) -> Message:
    """The files are in the bucket. Nobody need do anything, so it goes to the thread alone."""
    recording = alert.recording
    name, what = plain(recording.agora_channel, CUT_NAME), summary(recording.delivery or Delivery())
    head = f"*{_HEADS[alert.kind]}*: {code(recording.agora_channel)}"
    broke_off = [parts_line(recording)] if recording.awaiting_segment else []
    lines = [head, *where_the_files_are(recording.delivery or Delivery(), folder), *broke_off, *gap_lines(recording)]
    if direct:
        lines.append(_why_direct(recording))
    button = (links_block(recording),) if has_links(recording) and not direct else ()
    return Message(
        text=f"{_HEADS[alert.kind]}: {name}. {what}",
        blocks=(*sections(lines), *button, context(f"Reference `{recording.id}`")),
        metadata=metadata(str(alert.kind), recording, recording.reason),
    )


def _why_direct(recording: Recording) -> str:
    return f"I tell you here because I can't post in <#{escape(recording.slack_channel)}> any more."


def _start_again(recording: Recording) -> str:
    return f"To record again: `/record start {typed(recording.agora_channel)}`"
