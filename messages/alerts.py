"""Alerts: what happened in one sentence, what to do next, and a reference that is also in the log."""

from __future__ import annotations

from messages.metadata import metadata
from messages.text import CUT_NAME, Message, code, context, escape, person, plain, section, typed
from messages.words import ENDED, FAILED, RECOVERED, WARNING, Words
from recordings.model import Alert, AlertKind, Reason, Recording

_HEADS = {
    AlertKind.FAILED: "❌ Recording failed",
    AlertKind.WARNING: "⚠️ Recording needs a look",
    AlertKind.RECOVERED: "✅ All well again",
    AlertKind.ENDED: "⏹️ Recording ended",
}
_WORDS: dict[AlertKind, dict[Reason, Words]] = {
    AlertKind.FAILED: FAILED,
    AlertKind.WARNING: WARNING,
    AlertKind.RECOVERED: RECOVERED,
    AlertKind.ENDED: ENDED,
}
_CONCERNS_MANY = frozenset({Reason.AGORA_UNREACHABLE, Reason.UNAUTHORIZED, Reason.UNWATCHED})


def alert_message(alert: Alert, *, direct: bool = False) -> Message:
    """The alert as a message for the card's thread and the channel; `direct`: for the person who started the
    recording, since the channel can't be posted in."""
    recording = alert.recording
    words = _WORDS[alert.kind].get(alert.reason or Reason.STOPPED, Words(str(alert.reason)))
    many = alert.kind in (AlertKind.WARNING, AlertKind.RECOVERED) and alert.reason in _CONCERNS_MANY
    head = f"*{_HEADS[alert.kind]}*" + ("" if many else f": {code(recording.agora_channel)}")
    lines = [head, words.happened, words.next_step]
    if direct:
        lines.append(f"I tell you here because I can't post in <#{escape(recording.slack_channel)}> any more.")
    if alert.kind is AlertKind.FAILED:
        lines.append(_start_again(recording))
        lines.append(f"For {person(recording.started_by)}, who started it")
    elif alert.reason is Reason.TIME_LIMIT:
        lines.append(_start_again(recording))
    elif alert.kind is AlertKind.WARNING:
        lines.append(f"For {person(recording.started_by)}, who started it")
    detail = f" · {plain(recording.detail)}" if recording.detail and alert.kind is AlertKind.FAILED else ""
    name = "" if many else f": {plain(recording.agora_channel, CUT_NAME)}"
    return Message(
        text=f"{_HEADS[alert.kind]}{name}. {words.happened}",
        blocks=(
            section("\n".join(line for line in lines if line)),
            context(f"Reference `{recording.id}`{detail}"),
        ),
        metadata=metadata(str(alert.kind), recording, alert.reason),
    )


def _start_again(recording: Recording) -> str:
    return f"To record again: `/record start {typed(recording.agora_channel)}`"
