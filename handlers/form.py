"""The form: `/record` alone opens it, and what was filled in starts a recording as the command would."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

import structlog

from handlers.commands.end_times import FOR_EXAMPLE, Ends, For, NotUnderstood, Until, parse_end
from handlers.commands.parser import check_bare_name
from handlers.commands.record import ChannelName
from handlers.commands.usage import UsageError
from messages import form as fields
from messages.blocks import Message
from recordings.errors import InvalidChannelName, PersonError, SlackError, StorageUnavailable
from recordings.model.audit import Source
from recordings.model.options import DEFAULT_OPTIONS, END_WORDS, UNSPACED_END, Layout, Media, Options, Resolution
from recordings.service.access import ChannelNotAllowed
from recordings.service.start_stop import AlreadyElsewhere, AlreadyHere, RecordingService, SlackChannelRef

_QUOTES = '"\u201c\u201d\u201e\u00ab\u00bb'
_EITHER = re.compile(r"0?[0-9][:.][0-9]{2}")
"""`1:30` may be an hour and a half, or half past one."""
_log = structlog.get_logger(__name__)

Errors = dict[str, str]
"""What is wrong, by field."""


class OpensViews(Protocol):
    """Slack, as far as the form needs it."""

    def open_view(self, trigger_id: str, view: dict[str, Any]) -> None:
        """Raises `SlackError`."""


@dataclass(frozen=True, slots=True)
class RecordForm:
    """Opens the form and answers it; `slack` has to give up within the 3 s that a trigger is good for."""

    service: RecordingService
    channel_name: ChannelName
    ends: Ends
    slack: OpensViews
    limits: fields.Limits

    def open(self, command: dict[str, Any]) -> Message | None:
        """Opens it for whoever typed the command; a reply where that is not possible."""
        place = SlackChannelRef(command.get("team_id") or "", command["channel_id"])
        back = {"team": place.team, "channel": place.channel, "response_url": command.get("response_url")}
        view = fields.form(self._begun(command, place), self.limits, json.dumps(back))
        try:
            self.slack.open_view(command.get("trigger_id") or "", view)
        except SlackError as error:
            _log.warning("form_not_opened", error=str(error), user=command.get("user_id"))
            return fields.not_opened(error)
        return None

    def _begun(self, command: dict[str, Any], place: SlackChannelRef) -> fields.FormDefaults:
        """As the last recording of this Slack channel was asked for."""
        try:
            last = self.service.last(place)
        except StorageUnavailable:
            last = ()
        recent = [name for name in dict.fromkeys(recording.agora_channel for recording in last) if self._may_be(name)]
        if recent:
            return fields.FormDefaults(recent[0], recent, last[0].current_options)
        name = self.channel_name(place.channel, command.get("channel_name") or "") or ""
        options = last[0].current_options if last else Options()
        return fields.FormDefaults(name if self._may_be(name) else "", (), options)

    def _may_be(self, name: str) -> bool:
        try:
            self.service.check_channel_name(name)
        except PersonError:
            return False
        return True

    def submit(self, body: dict[str, Any]) -> Errors:
        """Starts what the form asks for; or what is wrong, at which field. The same form sent twice starts one
        recording. Raises `SystemFailure`."""
        filled, by = _filled(body["view"]), body["user"]["id"]
        _log.info("form", user=by, channel=filled.place.channel, agora_channel=filled.name)
        wrong = _contradictions(filled)
        if (words := self._wrong_name(filled)) is not None:
            wrong[filled.name_field] = words
        ends_at = None
        try:
            asked = end_in(filled.length)
            ends_at = None if asked is None else self.ends(asked, by)
        except UsageError as error:
            wrong[fields.LENGTH] = f"{error} For example 45m, 1h30m or until 15:30."
        else:
            lasts = asked.seconds if isinstance(asked, For) else None
            if not wrong:
                wrong = self._start(filled, by, ends_at, replace(filled.options, lasts=lasts))
        return {field: fields.at_a_field(words) for field, words in wrong.items()}

    def _start(self, filled: Submission, by: str, ends_at: datetime | None, options: Options) -> Errors:
        try:
            result = self.service.start(
                filled.name,
                filled.place,
                by,
                filled.response_url,
                filled.request,
                Source.FORM,
                ends_at,
                options,
            )
        except AlreadyElsewhere:
            return {filled.name_field: fields.runs_elsewhere(filled.name)}
        return {filled.name_field: fields.runs_here(filled.name)} if isinstance(result, AlreadyHere) else {}

    def _wrong_name(self, filled: Submission) -> str | None:
        name = filled.name
        if not name.strip():
            return fields.NO_NAME
        try:
            if filled.bare:
                check_bare_name(name)
            self.service.check_channel_name(name)
        except (UsageError, InvalidChannelName) as error:
            return str(error)
        except ChannelNotAllowed as error:
            return fields.not_one_of(name, error.patterns)
        return None


@dataclass(frozen=True, slots=True)
class Submission:
    """What somebody filled in. `name_field`: the field that the name is from; `bare`: they typed it, without quotes;
    `began`: what stood at a field when the form opened."""

    name: str
    name_field: str
    bare: bool
    length: str
    options: Options
    began: Options
    place: SlackChannelRef
    response_url: str | None = field(repr=False)
    request: str


def end_in(text: str) -> For | Until | None:
    """When it shall end, with or without the word in front; None where nothing is said. Raises `UsageError`."""
    words = UNSPACED_END.sub(r"\1 ", text.strip(), count=1).split(None, 1)
    if not words:
        return None
    if words[0].lower() in END_WORDS:
        return parse_end(words[0], words[1].strip() if len(words) > 1 else "")
    try:
        return parse_end("for", text.strip())
    except NotUnderstood as error:
        try:
            until = parse_end("until", text.strip())
        except NotUnderstood:
            raise error from None
        if _EITHER.fullmatch(text.strip()):
            raise UsageError(f"Is {text.strip()} a length or a time of day?", FOR_EXAMPLE) from None
        return until


def _contradictions(filled: Submission) -> Errors:
    """A picture that somebody chose for a recording of sound only; what stood there before they did is no choice."""
    if filled.options.has_picture:
        return {}
    layout, resolution = filled.options.layout, filled.options.resolution
    chosen = {
        fields.LAYOUT: layout is not filled.began.layout,
        fields.RESOLUTION: resolution is not filled.began.resolution,
    }
    return {name: fields.NO_PICTURE for name, is_chosen in chosen.items() if is_chosen}


def _filled(view: dict[str, Any]) -> Submission:
    """From a `view_submission`."""
    held = {name: next(iter(elements.values())) for name, elements in view["state"]["values"].items()}
    began = {block["block_id"]: block["element"] for block in view["blocks"] if block["type"] == "input"}
    recent = _value(held.get(fields.RECENT), "selected_option")
    written = (held.get(fields.CHANNEL) or {}).get("value") or ""
    typed, proposed = _bare(written), (began.get(fields.CHANNEL) or {}).get("initial_value")
    back = json.loads(view.get("private_metadata") or "{}")
    return Submission(
        name=recent or typed,
        name_field=fields.RECENT if recent else fields.CHANNEL,
        bare=not recent and typed == written.strip() and written != proposed,
        length=(held.get(fields.LENGTH) or {}).get("value") or "",
        options=_options(held, "selected_option"),
        began=_options(began, "initial_option"),
        place=SlackChannelRef(back.get("team") or "", back.get("channel") or ""),
        response_url=back.get("response_url"),
        request=f"form {view['id']}",
    )


def _options(elements: Mapping[str, dict[str, Any]], key: str) -> Options:
    return Options(
        media=Media(_value(elements.get(fields.MEDIA), key) or DEFAULT_OPTIONS.media),
        layout=Layout(_value(elements.get(fields.LAYOUT), key) or DEFAULT_OPTIONS.layout),
        resolution=Resolution(_value(elements.get(fields.RESOLUTION), key) or DEFAULT_OPTIONS.resolution),
    )


def _value(element: dict[str, Any] | None, key: str) -> str:
    return str(((element or {}).get(key) or {}).get("value") or "")


def _bare(name: str) -> str:
    """Somebody who knows the words may put quotes around it, which no name has."""
    bare = name.strip()
    return bare[1:-1] if len(bare) > 1 and bare[0] in _QUOTES and bare[-1] in _QUOTES else bare
