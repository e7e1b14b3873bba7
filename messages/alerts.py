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
from messages.config import MessageConfig
from messages.copy import ENDED, FAILED, RECOVERED, WARNING, Wording, resume_failure
from messages.files import has_links, left_out_lines, links_block, summary, what_is_wrong
from recordings.model.alerts import Acknowledgement, Alert, AlertKind
from recordings.model.delivery import Delivery
from recordings.model.reason import Reason
from recordings.model.recording import Recording

_TITLES = {
    AlertKind.FAILED: "❌ Recording failed",
    AlertKind.WARNING: "⚠️ Recording needs a look",
    AlertKind.RECOVERED: "✅ All well again",
    AlertKind.ENDED: "⏹️ Recording ended",
    AlertKind.FILES: "📁 The recording is ready",
}
_WORDINGS: dict[AlertKind, dict[Reason, Wording]] = {
    AlertKind.FAILED: FAILED,
    AlertKind.WARNING: WARNING,
    AlertKind.RECOVERED: RECOVERED,
    AlertKind.ENDED: ENDED,
}
_NEEDS_SOMEBODY = frozenset({AlertKind.FAILED, AlertKind.WARNING})
_CALL_MAY_GO_ON = frozenset({Reason.TIME_LIMIT, Reason.IDLE, Reason.STOPPED_ELSEWHERE})
_ABOUT_FILES = frozenset({Reason.NOT_DELIVERED, Reason.IN_BACKUP})
_ABOUT_CHANNEL = frozenset({Reason.AGORA_UNREACHABLE, Reason.UNAUTHORIZED, Reason.UNWATCHED})
"""Reasons that concern every recording of the Slack channel. Such a warning names none of them."""


def alert_message(
    alert: Alert, config: MessageConfig, *, direct: bool = False, acknowledgement: Acknowledgement | None = None
) -> Message:
    """The alert for the card's thread and the channel.

    `direct`: for a direct message to the person who started the recording. `acknowledgement`: who acknowledged it.
    """
    folder = config.folder(alert.recording)
    if alert.kind is AlertKind.FILES:
        return _files_message(alert, config, direct=direct)
    lines = _lines(alert, folder, direct, acknowledgement)
    buttons = () if direct else _buttons(alert, acknowledgement, config.extension)
    return Message(
        text=_text(alert),
        blocks=(*sections(lines), *buttons, context(f"Reference `{alert.recording.id}`{_detail(alert)}")),
        metadata=metadata(str(alert.kind), alert.recording, alert.reason),
    )


def _lines(alert: Alert, folder: str, direct: bool, acknowledgement: Acknowledgement | None) -> list[str]:
    lines = [
        _title(alert),
        _happened(alert),
        _end_line(alert),
        *_resumed_lines(alert),
        *_missing_file_lines(alert, folder),
        _wording(alert).next_step,
        *([_why_direct(alert.recording), _start_again(alert)] if direct else []),
        f"For {person(alert.recording.started_by)}, who started it" if alert.kind in _NEEDS_SOMEBODY else "",
        _acknowledgement_line(acknowledgement),
    ]
    return [line for line in lines if line]


def _text(alert: Alert) -> str:
    """For notifications and screen readers: buttons are not shown there, so it has the command to type."""
    name = "" if _is_about_channel(alert) else f": {plain(alert.recording.agora_channel, CUT_NAME)}"
    sentences = f"{_TITLES[alert.kind]}{name}. {_happened(alert)}", _start_again(alert)
    return " ".join(part for part in sentences if part)


def _title(alert: Alert) -> str:
    name = "" if _is_about_channel(alert) else f": {code(alert.recording.agora_channel)}"
    return f"*{_TITLES[alert.kind]}*{name}"


def _is_about_channel(alert: Alert) -> bool:
    return alert.kind in (AlertKind.WARNING, AlertKind.RECOVERED) and alert.reason in _ABOUT_CHANNEL


def _wording(alert: Alert) -> Wording:
    return _WORDINGS[alert.kind].get(alert.reason or Reason.STOPPED, Wording(str(alert.reason)))


def _happened(alert: Alert) -> str:
    not_resumed = _not_resumed(alert)
    happened = _wording(alert).happened
    return f"{not_resumed} {happened}" if not_resumed else happened


def _not_resumed(alert: Alert) -> str:
    """The recorder was lost and no other could be started. The reason of the alert says why not."""
    words = resume_failure(alert.recording) if alert.kind is AlertKind.FAILED else ""
    if not words:
        return ""
    lost_at = clock(alert.recording.lost_segments[-1].recorded_until)
    return f"{words} Nothing has been recorded since {lost_at}; what was until then should be in the bucket."


def _end_line(alert: Alert) -> str:
    end = alert.recording.intent.ends_at
    if alert.reason is not Reason.ENDING_SOON or end is None:
        return ""
    return f"It is stopped at {date_and_time(end)}."


def _resumed_lines(alert: Alert) -> list[str]:
    """After a resume: the present part, and the gap before it."""
    recording = alert.recording
    if (alert.kind, alert.reason) != (AlertKind.WARNING, Reason.LOST) or not recording.lost_segments:
        return []
    lost_at = recording.lost_segments[-1].lost_at
    missing = [gap_line(gap) for gap in recording.gaps if gap.ended_at >= lost_at]
    return [parts_line(recording), *(missing or ["Nothing should be missing"])]


def _missing_file_lines(alert: Alert, folder: str) -> list[str]:
    if (alert.kind, alert.reason) != (AlertKind.WARNING, Reason.NOT_DELIVERED):
        return []
    lines = what_is_wrong(alert.recording.delivery or Delivery(), folder)
    if alert.recording.files_awaited:
        lines.append("Agora may still be storing them, and I go on looking for a day.")
    return lines


def _acknowledgement_line(acknowledgement: Acknowledgement | None) -> str:
    if acknowledgement is None:
        return ""
    return f"🙋 {person(acknowledgement.by)} is on it, since {clock(acknowledgement.at)}"


def _may_start_again(alert: Alert) -> bool:
    """Whether the recording ended although the call may go on."""
    return alert.kind is AlertKind.FAILED or (alert.kind is AlertKind.ENDED and alert.reason in _CALL_MAY_GO_ON)


def _start_again(alert: Alert) -> str:
    if not _may_start_again(alert):
        return ""
    return f"To record again: `/record start {typed(alert.recording.agora_channel)}`"


def _why_direct(recording: Recording) -> str:
    return f"I tell you here because I can't post in <#{escape(recording.slack_channel)}> any more."


def _buttons(alert: Alert, acknowledgement: Acknowledgement | None, extension: float) -> tuple[Block, ...]:
    """Buttons exist only in the channel: there the bot checks that the person may use them."""
    recording = alert.recording
    if alert.reason is Reason.ENDING_SOON:
        return _actions(alert, [extend_button(recording, extension)])
    buttons = [again_button(recording)] if _may_start_again(alert) else []
    if alert.kind in _NEEDS_SOMEBODY and acknowledgement is None:
        buttons.append(acknowledge_button(alert))
    if alert.kind is not AlertKind.RECOVERED:
        buttons.append(details_button(recording))
    return _actions(alert, buttons)


def _actions(alert: Alert, buttons: list[Block]) -> tuple[Block, ...]:
    block_id = f"alert-{alert.recording.id}"
    return ({"type": "actions", "block_id": block_id, "elements": buttons},) if buttons else ()


def _detail(alert: Alert) -> str:
    recording = alert.recording
    if alert.kind is AlertKind.WARNING and alert.reason in _ABOUT_FILES and recording.sid:
        return f" · sid {code(recording.sid)}"
    return f" · {plain(recording.detail)}" if recording.detail and alert.kind is AlertKind.FAILED else ""


def _files_message(alert: Alert, config: MessageConfig, *, direct: bool) -> Message:
    """The files are in the bucket. Nobody has to act, so it mentions nobody."""
    recording, title = alert.recording, _TITLES[alert.kind]
    delivery = recording.delivery or Delivery()
    lines = [
        f"*{title}*: {code(recording.agora_channel)}",
        summary(delivery),
        *left_out_lines(recording, config.support_contact),
        *([parts_line(recording)] if recording.awaiting_segment else []),
        *gap_lines(recording),
        *([_why_direct(recording)] if direct else []),
    ]
    button = (links_block(recording),) if has_links(recording) and not direct else ()
    return Message(
        text=f"{title}: {plain(recording.agora_channel, CUT_NAME)}. {summary(delivery)}",
        blocks=(*sections(lines), *button, context(f"Reference `{recording.id}`")),
        metadata=metadata(str(alert.kind), recording, recording.reason),
    )
