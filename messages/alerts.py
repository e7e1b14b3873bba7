"""Alerts: what happened in one sentence, what to do next, and a reference that is also in the log."""

from __future__ import annotations

from messages.cards import extend_button
from messages.files import has_links, links_block, summary, what_is_wrong, where_the_files_are
from messages.metadata import metadata
from messages.text import CUT_NAME, Block, Message, code, context, date_and_time, escape, person, plain, sections, typed
from messages.words import ENDED, FAILED, RECOVERED, WARNING, Words
from recordings.model import Alert, AlertKind, Delivery, Reason, Recording

_HEADS = {
    AlertKind.FAILED: "❌ Recording failed",
    AlertKind.WARNING: "⚠️ Recording needs a look",
    AlertKind.RECOVERED: "✅ All well again",
    AlertKind.ENDED: "⏹️ Recording ended",
    AlertKind.FILES: "📁 The recording is ready",
}
_WORDS: dict[AlertKind, dict[Reason, Words]] = {
    AlertKind.FAILED: FAILED,
    AlertKind.WARNING: WARNING,
    AlertKind.RECOVERED: RECOVERED,
    AlertKind.ENDED: ENDED,
}
_ABOUT_FILES = frozenset({Reason.NOT_DELIVERED, Reason.IN_BACKUP})
_CONCERNS_MANY = frozenset({Reason.AGORA_UNREACHABLE, Reason.UNAUTHORIZED, Reason.UNWATCHED})


def alert_message(alert: Alert, folder: str = "", *, direct: bool = False, extension: float = 1_800) -> Message:
    """The alert as a message for the card's thread and the channel; `folder`: where the recording's files are, bucket
    and folders; `direct`: for the person who started the recording, since the channel can't be posted in; `extension`:
    the seconds by which an end can be put off."""
    if alert.kind is AlertKind.FILES:
        return _files(alert, folder, direct=direct)
    recording = alert.recording
    words = _WORDS[alert.kind].get(alert.reason or Reason.STOPPED, Words(str(alert.reason)))
    many = alert.kind in (AlertKind.WARNING, AlertKind.RECOVERED) and alert.reason in _CONCERNS_MANY
    head = f"*{_HEADS[alert.kind]}*" + ("" if many else f": {code(recording.agora_channel)}")
    lines = [head, words.happened, _until(alert)]
    if alert.reason is Reason.NOT_DELIVERED and alert.kind is AlertKind.WARNING:
        lines.extend(what_is_wrong(recording.delivery or Delivery(), folder))
        if recording.files_awaited:
            lines.append("Agora may still be storing them, and I go on looking for a day.")
    lines.append(words.next_step)
    if direct:
        lines.append(_why_direct(recording))
    if alert.kind is AlertKind.FAILED:
        lines.append(_start_again(recording))
        lines.append(f"For {person(recording.started_by)}, who started it")
    elif alert.reason is Reason.TIME_LIMIT:
        lines.append(_start_again(recording))
    elif alert.kind is AlertKind.WARNING:
        lines.append(f"For {person(recording.started_by)}, who started it")
    detail = _detail(alert)
    name = "" if many else f": {plain(recording.agora_channel, CUT_NAME)}"
    return Message(
        text=f"{_HEADS[alert.kind]}{name}. {words.happened}",
        blocks=(
            *sections([line for line in lines if line]),
            *(() if direct else _buttons(alert, extension)),
            context(f"Reference `{recording.id}`{detail}"),
        ),
        metadata=metadata(str(alert.kind), recording, alert.reason),
    )


def _until(alert: Alert) -> str:
    end = alert.recording.ends_at
    if alert.reason is not Reason.ENDING_SOON or end is None:
        return ""
    return f"It is stopped at {date_and_time(end)}."


def _buttons(alert: Alert, extension: float) -> tuple[Block, ...]:
    recording = alert.recording
    if alert.reason is not Reason.ENDING_SOON:
        return ()
    return (
        {"type": "actions", "block_id": f"ending-{recording.id}", "elements": [extend_button(recording, extension)]},
    )


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
    lines = [head, *where_the_files_are(recording.delivery or Delivery(), folder)]
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
