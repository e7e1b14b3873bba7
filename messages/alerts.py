"""Alerts: a title with the state, one fact, one next step; `messages.alert_copy` has the texts.

The small print has the alert's code, which the runbook explains, and the recording's id, which the log has too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from messages.alert_copy import AlertButton, AlertCopy, Mention, anchor_of, code_of, copy_of
from messages.blocks import (
    CALL,
    CUT_NAME,
    Block,
    Message,
    about,
    context,
    escape,
    is_same_minute,
    metadata,
    person,
    plain,
    rounded_span,
    sections,
    time_of_day,
    time_range,
    title,
    typed,
)
from messages.buttons import acknowledge_button, again_button, details_button
from messages.cards import can_add_time, extend_button, gap_lines
from messages.config import DEFAULT_CONTACT, MessageConfig
from messages.files import files_and_size, has_links, left_out_lines, links_button
from recordings.model.alerts import Acknowledgement, Alert, AlertKind
from recordings.model.delivery import Delivery
from recordings.model.reason import Reason
from recordings.model.recording import Recording, State

_AGAIN = (AlertButton.TRY_AGAIN, AlertButton.RECORD_AGAIN)
_NOTIFYING = re.compile(r"<[@!]")
"""Slack's markup for mentions of people, groups and channels' members (docs.slack.dev, Formatting message text)."""


@dataclass(frozen=True, slots=True)
class _Draft:
    """An alert with everything that its message depends on."""

    alert: Alert
    config: MessageConfig
    direct: bool
    acknowledgement: Acknowledgement | None
    resolved_at: datetime | None

    @property
    def texts(self) -> AlertCopy:
        return copy_of(self.alert)

    @property
    def recording(self) -> Recording:
        return self.alert.recording

    @property
    def can_add_time(self) -> bool:
        return can_add_time(self.recording, self.config.max_duration)

    @property
    def notifies_support(self) -> bool:
        """Whether naming the support contact notifies somebody."""
        return _NOTIFYING.search(self.config.support_contact) is not None


def alert_message(
    alert: Alert,
    config: MessageConfig,
    *,
    direct: bool = False,
    acknowledgement: Acknowledgement | None = None,
    resolved_at: datetime | None = None,
) -> Message:
    """The alert for the card's thread and the channel.

    `direct`: for a direct message to the person who started the recording. `acknowledgement`: who acknowledged it.
    `resolved_at`: when what it warns of was over; nobody has to act any more.
    """
    draft = _Draft(alert, config, direct, acknowledgement, resolved_at)
    return Message(
        text=_text(draft),
        blocks=(*sections(_lines(draft)), *_buttons(draft), context(_small_print(draft))),
        metadata=metadata(str(alert.kind), alert.recording, _reason(alert)),
    )


def _reason(alert: Alert) -> Reason | None:
    return alert.recording.reason if alert.kind is AlertKind.FILES else alert.reason


def _lines(draft: _Draft) -> list[str]:
    lines = [
        _title(draft),
        draft.texts.fact_of(draft.alert),
        *_file_lines(draft),
        _next_step(draft) if draft.resolved_at is None else _resolved(draft.resolved_at),
        *(_direct_lines(draft) if draft.direct else []),
        _cc(draft),
        _acknowledged(draft.acknowledgement),
    ]
    return [line for line in lines if line]


def _text(draft: _Draft) -> str:
    """For notifications and screen readers: buttons are not shown there, so it has the command to type."""
    whole = f"{_words(draft).replace(CALL, plain(draft.recording.agora_channel, CUT_NAME))}{_length(draft.alert)}"
    facts = [whole, draft.texts.fact_of(draft.alert), *_file_lines(draft)]
    steps = _spoken_steps(draft) if draft.resolved_at is None else [_resolved(draft.resolved_at)]
    sentences = [words for words in (*facts, *steps) if words]
    return " ".join(words if words[-1] in ".?" else f"{words}." for words in sentences)


def _spoken_steps(draft: _Draft) -> list[str]:
    gets_files = _brings_files(draft.alert) and has_links(draft.recording) and not draft.direct
    link = "For a link, press Get the recording" if gets_files else ""
    next_step, command = _next_step(draft).replace("*", ""), _command(draft)
    return [link, next_step.removesuffix(" Record again.") if command else next_step, command]


# the texts


def _title(draft: _Draft) -> str:
    """In bold behind its emoji."""
    emoji, words = _words(draft).split(" ", 1)
    return f"{emoji} {title(words, draft.recording.agora_channel)}{_length(draft.alert)}"


def _words(draft: _Draft) -> str:
    """The title, without the name of the call."""
    recording, raised_at = draft.recording, draft.alert.raised_at
    moments = {
        "{since}": recording.probe.unanswered_since or raised_at,
        "{away_from}": recording.unwatched_from or raised_at,
        "{away_to}": recording.unwatched_to or raised_at,
    }
    words = draft.texts.title
    if is_same_minute(moments["{away_from}"], moments["{away_to}"]):
        words = words.replace("from {away_from} to {away_to}", "at {away_from}")
    for field, moment in moments.items():
        words = words.replace(field, time_of_day(moment))
    return words


def _next_step(draft: _Draft) -> str:
    contact = draft.config.support_contact
    return draft.texts.next_step.format(
        ask=f"{contact}:" if draft.notifies_support else f"Ask {contact} to",
        admin=_named_support(draft),
        add_time=_add_time(draft),
        details="*Show details* on its card" if draft.direct else "*Details*",
    )


def _add_time(draft: _Draft) -> str:
    """A direct message has no button."""
    if not draft.can_add_time:
        return "It can't run longer. Still talking then? Start a new recording."
    where = " on its card" if draft.direct else ""
    return f"Still talking? Press *Add {rounded_span(draft.config.extension)}*{where}."


def _named_support(draft: _Draft) -> str:
    """The support contact, named without notifying anybody."""
    return DEFAULT_CONTACT if draft.notifies_support else draft.config.support_contact


def _cc(draft: _Draft) -> str:
    """The person who has to act, or has to ask the support contact to act."""
    mention = draft.texts.mention
    is_asked_already = (
        mention is Mention.SUPPORT and draft.notifies_support and draft.alert.kind is not AlertKind.FAILED
    )
    # In a direct message with the bot nobody else reads it.
    is_alone = draft.direct or draft.recording.slack_channel.startswith("D")
    if draft.resolved_at is not None or is_alone or mention is Mention.NOBODY or is_asked_already:
        return ""
    return f"cc {person(draft.recording.started_by)}"


def _acknowledged(acknowledgement: Acknowledgement | None) -> str:
    if acknowledgement is None:
        return ""
    return f"🙋 {person(acknowledgement.by)} is on it ({time_of_day(acknowledgement.at)})"


def _resolved(at: datetime) -> str:
    return f"✅ Resolved at {time_of_day(at)}"


def _direct_lines(draft: _Draft) -> list[str]:
    """A direct message has no buttons."""
    why = f"I can't post in <#{escape(draft.recording.slack_channel)}>, so I'm telling you here."
    return [_command(draft), why]


def _command(draft: _Draft) -> str:
    again = next((button for button in draft.texts.buttons if button in _AGAIN), None)
    if again is None:
        return ""
    return f"To {again.lower()}, type `/record start {typed(draft.recording.agora_channel)}`."


def _small_print(draft: _Draft) -> str:
    kind, reason, url = draft.alert.kind, _reason(draft.alert), draft.config.runbook_url
    code = code_of(kind, reason)
    shown = f"<{escape(url)}#{anchor_of(kind, reason)}|{code}>" if url else f"`{code}`"
    detail = _detail(draft)
    return f"{shown} · `{draft.recording.id}`" + (f" · {plain(detail)}" if detail else "")


def _detail(draft: _Draft) -> str:
    """Agora's or the storage's words, if an admin has to act on them or the message has no *Details* button."""
    kind, reason, recording = draft.alert.kind, draft.alert.reason, draft.recording
    if kind is AlertKind.FAILED and (draft.direct or reason is Reason.REJECTED):
        return recording.detail
    is_refused = kind is AlertKind.WARNING and reason is Reason.NOT_DELIVERED
    return recording.delivery.code if is_refused and recording.delivery else ""


# the files


def _brings_files(alert: Alert) -> bool:
    return alert.kind is AlertKind.FILES or AlertButton.GET_RECORDING in copy_of(alert).buttons


def _length(alert: Alert) -> str:
    length = (alert.recording.delivery or Delivery()).length if alert.kind is AlertKind.FILES else None
    return f" · {about(length)}" if length else ""


def _file_lines(draft: _Draft) -> list[str]:
    """What people can get, and what is not in it. Names and places are in the details."""
    recording = draft.recording
    if not _brings_files(draft.alert):
        return []
    amount = files_and_size(recording.delivery or Delivery()) if has_links(recording) else ""
    return [
        " · ".join(part for part in (_span(recording), amount) if part),
        *_break(recording),
        *gap_lines(recording),
        *left_out_lines(recording, _named_support(draft)),
    ]


def _span(recording: Recording) -> str:
    if recording.started_at is None or recording.ended_at is None:
        return ""
    return time_range(recording.started_at, recording.ended_at)


def _break(recording: Recording) -> list[str]:
    """Where a recording ends before the call did."""
    if recording.awaiting_segment:
        return [f"Nothing was recorded after {time_of_day(recording.lost_segments[-1].recorded_until)}."]
    if recording.state is State.FAILED and recording.ended_at is not None:
        return [f"It breaks off at {time_of_day(recording.ended_at)}."]
    return []


# the buttons


def _buttons(draft: _Draft) -> tuple[Block, ...]:
    """Buttons exist only in the channel, where the bot checks that the person may use them, and while somebody has to
    act."""
    if draft.direct or draft.resolved_at is not None:
        return ()
    hidden = set() if draft.acknowledgement is None else {AlertButton.ACKNOWLEDGE}
    hidden |= set() if has_links(draft.recording) else {AlertButton.GET_RECORDING}
    hidden |= set() if draft.can_add_time else {AlertButton.ADD_TIME}
    shown = [button for button in draft.texts.buttons if button not in hidden]
    block_id = f"{'files' if _brings_files(draft.alert) else 'alert'}-{draft.recording.id}"
    elements = [_button(button, draft.alert, draft.config.extension) for button in shown]
    return ({"type": "actions", "block_id": block_id, "elements": elements},) if elements else ()


def _button(button: AlertButton, alert: Alert, extension: float) -> Block:
    recording = alert.recording
    match button:
        case AlertButton.ADD_TIME:
            return extend_button(recording, extension)
        case AlertButton.GET_RECORDING:
            return links_button(recording)
        case AlertButton.ACKNOWLEDGE:
            return acknowledge_button(alert)
        case AlertButton.DETAILS:
            return details_button(recording)
        case AlertButton.TRY_AGAIN | AlertButton.RECORD_AGAIN:
            return again_button(recording, str(button))
