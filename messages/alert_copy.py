"""What an alert says: one table, by kind and reason.

Titles and next steps are templates. `{call}` is the name of the call; `AlertCopy` lists the other fields. A fact is a
text, or a function of the alert.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from messages.blocks import about, time_of_day
from messages.cards import gap_line, recorded_until
from recordings.model.alerts import Alert, AlertKind
from recordings.model.delivery import Delivery
from recordings.model.options import Media
from recordings.model.reason import Reason
from recordings.model.recording import Recording

Fact = Callable[[Alert], str]


class Mention(StrEnum):
    """Who has to act. Nobody else is mentioned."""

    NOBODY = "nobody"
    STARTER = "starter"
    """The person who started the recording."""
    SUPPORT = "support"
    """The support contact; where that setting mentions nobody, the starter, who passes it on."""


class AlertButton(StrEnum):
    TRY_AGAIN = "Try again"
    RECORD_AGAIN = "Record again"
    ADD_TIME = "Add time"
    GET_RECORDING = "Get the recording"
    ACKNOWLEDGE = "I'm on it"
    DETAILS = "Details"


@dataclass(frozen=True, slots=True)
class AlertCopy:
    """The text of one kind and reason, who is mentioned, and the buttons, the likely one first.

    Fields of a title: `{since}` (Agora is unreachable), `{away_from}` and `{away_to}` (the bot was not running).
    Fields of a next step: `{ask}` (the support contact, followed by what they should do), `{admin}` (the support
    contact without notifying them), `{add_time}` (how to add time, or that it can't be added), `{details}` (where the
    details are).
    """

    title: str
    fact: str | Fact = ""
    next_step: str = ""
    mention: Mention = Mention.NOBODY
    buttons: tuple[AlertButton, ...] = (AlertButton.DETAILS,)

    def fact_of(self, alert: Alert) -> str:
        return self.fact if isinstance(self.fact, str) else self.fact(alert)

    @property
    def can_be_acknowledged(self) -> bool:
        return AlertButton.ACKNOWLEDGE in self.buttons


def code_of(kind: AlertKind, reason: Reason | None) -> str:
    """The code that people search for: `recording_warning · not_delivered`."""
    return f"{kind} · {reason}" if reason else str(kind)


def anchor_of(kind: AlertKind, reason: Reason | None) -> str:
    """The anchor in the runbook: `recording_warning-not_delivered`. Old messages link to it: it can't change."""
    return str(kind) if reason is None or kind is AlertKind.FILES else f"{kind}-{reason}"


# the facts


def _nothing_recorded(alert: Alert) -> str:
    """Of a recording that did not start, or whose lost recorder could not be replaced."""
    recording = alert.recording
    if not recording.awaiting_segment:
        return "Nothing was recorded."
    lost_at = time_of_day(recording.lost_segments[-1].recorded_until)
    return f"The recorder disappeared at {lost_at} and no new one could join.{_is_being_saved(recording)}"


def _broke_off(alert: Alert) -> str:
    """Of a recorder that was up, and is gone."""
    recording = alert.recording
    if recording.started_at is None and not recording.awaiting_segment:
        return "Nothing was recorded."
    until = recorded_until(replace(recording, reason=alert.reason)) or alert.raised_at
    return f"Nothing has been recorded since {time_of_day(until)}.{_is_being_saved(recording)}"


def _is_being_saved(recording: Recording) -> str:
    return " What was recorded until then is being saved." if recording.files_awaited else ""


def _replaced(alert: Alert) -> str:
    recording = alert.recording
    lost_at = recording.lost_segments[-1].lost_at if recording.lost_segments else alert.raised_at
    missing = [f"{gap_line(gap)}." for gap in recording.gaps if gap.ended_at >= lost_at]
    return " ".join(missing) or "Nothing should be missing."


def _people_without_media(alert: Alert) -> str:
    count = alert.recording.people_count or 0
    there = "1 person is" if count == 1 else f"{count} people are" if count else "People are"
    return f"{there} there, but no audio or video arrives."


def _nothing_arrived(alert: Alert) -> str:
    """Not why: with the wrong channel profile nothing arrives from people whose microphones are on."""
    return f"No {'audio or video' if alert.recording.options.has_picture else 'audio'} arrived."


def _still_recorded(alert: Alert) -> str:
    return "" if alert.recording.options.media is Media.AUDIO else "Video is still recorded."


def _ends_at(alert: Alert) -> str:
    end = alert.recording.intent.ends_at
    return "" if end is None else f"It stops at {time_of_day(end)}."


def _not_saved(alert: Alert) -> str:
    """What is missing, without names of files: those are in the details."""
    recording, delivery = alert.recording, alert.recording.delivery or Delivery()
    if delivery.code:
        return "The storage refuses our key or our bucket, so nothing can be saved there."
    what = "some of its files are empty" if delivery.empty else "some of its files haven't arrived"
    if not delivery.empty and not delivery.size:
        what = "the file hasn't arrived"
    over = f"The call ended at {time_of_day(recording.ended_at)}" if recording.ended_at else "The call is over"
    keeps_checking = " I'll keep checking for a day." if recording.files_awaited else ""
    return f"{over} and {what}.{keeps_checking}"


def _stopped_at(alert: Alert) -> str:
    ended_at = time_of_day(alert.recording.ended_at or alert.raised_at)
    return f"It stopped at {ended_at}.{_file_follows(alert.recording)}"


def _time_was_up(alert: Alert) -> str:
    recording = alert.recording
    ended_at = recording.ended_at or alert.raised_at
    ran = f"It ran for {about(ended_at - recording.started_at)} and stopped" if recording.started_at else "It stopped"
    return f"{ran} at {time_of_day(ended_at)}.{_file_follows(recording)}"


def _file_follows(recording: Recording) -> str:
    return " The file follows in the thread." if recording.files_awaited else ""


# the table

_FAILED, _WARNING = AlertKind.FAILED, AlertKind.WARNING
_RECOVERED, _ENDED = AlertKind.RECOVERED, AlertKind.ENDED
_NOT_STARTED = (AlertButton.TRY_AGAIN, AlertButton.ACKNOWLEDGE, AlertButton.DETAILS)
_FOR_ADMIN = (AlertButton.ACKNOWLEDGE, AlertButton.TRY_AGAIN, AlertButton.DETAILS)
_BROKEN_OFF = (AlertButton.RECORD_AGAIN, AlertButton.ACKNOWLEDGE, AlertButton.DETAILS)
_MAY_GO_ON = (AlertButton.RECORD_AGAIN, AlertButton.DETAILS)
_NEEDS_A_LOOK = (AlertButton.ACKNOWLEDGE, AlertButton.DETAILS)
_NONE: tuple[AlertButton, ...] = ()
_DOCTOR = "{ask} run `/record doctor`."
_STATUS_PAGE = "<https://status.agora.io|Agora's status page>"

ALERTS: dict[tuple[AlertKind, Reason | None], AlertCopy] = {
    (_FAILED, Reason.REJECTED): AlertCopy(
        "❌ {call} isn't being recorded: Agora refused the request",
        _nothing_recorded,
        "{ask} check the setup: {details} has Agora's answer.",
        Mention.SUPPORT,
        _FOR_ADMIN,
    ),
    (_FAILED, Reason.UNAUTHORIZED): AlertCopy(
        "❌ {call} isn't being recorded: Agora rejected our sign-in",
        _nothing_recorded,
        _DOCTOR,
        Mention.SUPPORT,
        _FOR_ADMIN,
    ),
    (_FAILED, Reason.OVERLOADED): AlertCopy(
        "❌ {call} isn't being recorded: all recorders are in use",
        _nothing_recorded,
        "Stop a recording that you don't need, then try again.",
        Mention.STARTER,
        _NOT_STARTED,
    ),
    (_FAILED, Reason.UNAVAILABLE): AlertCopy(
        "❌ {call} isn't being recorded: can't reach Agora",
        _nothing_recorded,
        f"Try again in a minute. {_STATUS_PAGE} shows whether there's an outage.",
        Mention.STARTER,
        _NOT_STARTED,
    ),
    (_FAILED, Reason.UNDELIVERABLE): AlertCopy(
        "❌ {call} isn't being recorded: I'm not in this channel",
        _nothing_recorded,
        "Invite me, then try again.",
        Mention.STARTER,
        _NOT_STARTED,
    ),
    (_FAILED, Reason.NEVER_STARTED): AlertCopy(
        "❌ The recorder couldn't join {call}",
        _nothing_recorded,
        "Try again. If that fails too, tell {admin}: the App ID or its certificate may be wrong.",
        Mention.STARTER,
        _NOT_STARTED,
    ),
    (_FAILED, Reason.LOST): AlertCopy(
        "❌ Recording of {call} stopped: the recorder disappeared",
        _broke_off,
        "Still talking? Record again.",
        Mention.STARTER,
        _BROKEN_OFF,
    ),
    (_FAILED, Reason.CRASHED): AlertCopy(
        "❌ Recording of {call} stopped: the recorder crashed",
        _broke_off,
        "Still talking? Record again.",
        Mention.STARTER,
        _BROKEN_OFF,
    ),
    (_FAILED, Reason.LEFT): AlertCopy(
        "❌ Recording of {call} stopped: the recorder was removed from the call",
        _broke_off,
        "Still talking? Record again.",
        Mention.STARTER,
        _BROKEN_OFF,
    ),
    (_WARNING, Reason.LOST): AlertCopy(
        "🔁 A new recorder took over {call}", _replaced, "Nothing to do.", buttons=_NONE
    ),
    (_WARNING, Reason.ENDING_SOON): AlertCopy(
        "⏱️ {call} stops recording soon",
        _ends_at,
        "{add_time}",
        Mention.STARTER,
        (AlertButton.ADD_TIME,),
    ),
    (_WARNING, Reason.NOTHING_STORED): AlertCopy(
        "⚠️ Nothing recorded from {call} yet",
        _people_without_media,
        "Turn on a mic or camera. If one is on, tell {admin}: it's a setup problem.",
        Mention.STARTER,
        _NEEDS_A_LOOK,
    ),
    (_WARNING, Reason.SILENT): AlertCopy(
        "🔇 No one can be heard in {call}",
        _still_recorded,
        "Is everyone muted? Check the microphones.",
        Mention.STARTER,
        _NEEDS_A_LOOK,
    ),
    (_WARNING, Reason.UPLOAD_FAILING): AlertCopy(
        "⚠️ Saving {call} is failing",
        "Agora has a copy of the files and keeps trying.",
        _DOCTOR,
        Mention.SUPPORT,
        _NEEDS_A_LOOK,
    ),
    (_WARNING, Reason.NOT_DELIVERED): AlertCopy(
        "⚠️ {call} isn't saved yet", _not_saved, _DOCTOR, Mention.SUPPORT, _NEEDS_A_LOOK
    ),
    (_WARNING, Reason.IN_BACKUP): AlertCopy(
        "⚠️ Some files of {call} aren't saved yet",
        "Agora has a copy and keeps trying for a day.",
        _DOCTOR,
        Mention.SUPPORT,
        _NEEDS_A_LOOK,
    ),
    (_WARNING, Reason.AGORA_UNREACHABLE): AlertCopy(
        "⚠️ Can't reach Agora since {since}",
        "Recordings in this channel probably continue.",
        "Don't start them again: I'll tell you when I know.",
        buttons=_NEEDS_A_LOOK,
    ),
    (_WARNING, Reason.UNAUTHORIZED): AlertCopy(
        "⚠️ Can't check or stop recordings: Agora rejects our sign-in",
        "Recordings in this channel probably continue.",
        _DOCTOR,
        Mention.SUPPORT,
        _NEEDS_A_LOOK,
    ),
    (_WARNING, Reason.UNWATCHED): AlertCopy(
        "\u2139\ufe0f I was offline from {away_from} to {away_to}",
        "Recordings in this channel probably kept going.",
        "Nothing to do: if one was interrupted, I'll say so separately.",
        buttons=_NONE,
    ),
    (_RECOVERED, Reason.NOTHING_STORED): AlertCopy(
        "✅ {call} is being recorded now", "Audio or video arrives.", buttons=_NONE
    ),
    (_RECOVERED, Reason.SILENT): AlertCopy("✅ Someone can be heard in {call} again", buttons=_NONE),
    (_RECOVERED, Reason.UPLOAD_FAILING): AlertCopy(
        "✅ Saving {call} works again", "Its files are being saved.", buttons=_NONE
    ),
    (_RECOVERED, Reason.NOT_DELIVERED): AlertCopy(
        "✅ The missing files of {call} arrived", buttons=(AlertButton.GET_RECORDING,)
    ),
    (_RECOVERED, Reason.IN_BACKUP): AlertCopy("✅ All files of {call} are saved now", buttons=_NONE),
    (_RECOVERED, Reason.AGORA_UNREACHABLE): AlertCopy(
        "✅ Agora answers again", "I'm checking the recordings in this channel again.", buttons=_NONE
    ),
    (_RECOVERED, Reason.UNAUTHORIZED): AlertCopy(
        "✅ Agora accepts our sign-in again", "I'm checking the recordings in this channel again.", buttons=_NONE
    ),
    (_ENDED, Reason.STOPPED): AlertCopy("⏹️ {call} was stopped", _stopped_at),
    (_ENDED, Reason.IDLE): AlertCopy("⏹️ {call} stopped recording: everyone left", _stopped_at, buttons=_MAY_GO_ON),
    (_ENDED, Reason.TIME_LIMIT): AlertCopy(
        "⏹️ {call} stopped recording: it reached its time limit",
        _time_was_up,
        "Still talking? Record again.",
        buttons=_MAY_GO_ON,
    ),
    (_ENDED, Reason.STOPPED_ELSEWHERE): AlertCopy(
        "⏹️ {call} was stopped outside Slack", _stopped_at, "Still talking? Record again.", buttons=_MAY_GO_ON
    ),
    (_ENDED, Reason.NO_MEDIA): AlertCopy("⚪ Nothing to save from {call}", _nothing_arrived, buttons=_MAY_GO_ON),
    (AlertKind.FILES, None): AlertCopy("✅ {call} is ready", buttons=(AlertButton.GET_RECORDING,)),
}

UNREADABLE = AlertCopy(
    "⚠️ Can't tell how {call} is",
    "Agora answers, but I don't understand the answer. It's probably still being recorded.",
    "{ask} look at {details}: Agora's answer is there.",
    Mention.SUPPORT,
    _NEEDS_A_LOOK,
)
"""`agora_unreachable` where Agora does answer."""
NOBODY_JOINED = AlertCopy(
    "⚪ No one joined {call}, so nothing was recorded",
    "",
    "Wrong call? Type `/record start` and the right name.",
    buttons=_MAY_GO_ON,
)
"""`idle` where nobody was ever there."""
ONLY_SEGMENTS = AlertCopy("✅ {call} is saved, without a file to open")
"""Files among which no MP4 file is."""
VARIANTS: dict[tuple[AlertKind, Reason | None], AlertCopy] = {
    (AlertKind.WARNING, Reason.AGORA_UNREACHABLE): UNREADABLE,
    (AlertKind.ENDED, Reason.IDLE): NOBODY_JOINED,
    (AlertKind.FILES, None): ONLY_SEGMENTS,
}
"""Second texts of a kind and reason. They share its code and its anchor."""
_OTHERS = {
    AlertKind.FAILED: AlertCopy("❌ {call} isn't being recorded", buttons=_NOT_STARTED, mention=Mention.STARTER),
    AlertKind.WARNING: AlertCopy("⚠️ {call} needs attention", buttons=_NEEDS_A_LOOK, mention=Mention.STARTER),
    AlertKind.RECOVERED: AlertCopy("✅ {call} is all right again", buttons=_NONE),
    AlertKind.ENDED: AlertCopy("⏹️ {call} stopped recording", _stopped_at, buttons=_MAY_GO_ON),
}
"""For a reason that another release raised with this kind."""


def copy_of(alert: Alert) -> AlertCopy:
    key = (alert.kind, None) if alert.kind is AlertKind.FILES else (alert.kind, alert.reason)
    if key in VARIANTS and _is_variant(alert):
        return VARIANTS[key]
    return ALERTS.get(key) or _OTHERS[alert.kind]


def _is_variant(alert: Alert) -> bool:
    recording = alert.recording
    match alert.kind:
        case AlertKind.FILES:
            return recording.delivery is not None and not recording.delivery.downloadable
        case AlertKind.ENDED:
            return recording.nobody_joined
    return is_answer_unreadable(recording)


def is_answer_unreadable(recording: Recording) -> bool:
    """Whether Agora answers about this recording, but not in a way that says how it is."""
    return bool(recording.probe.unreadable_answer)
