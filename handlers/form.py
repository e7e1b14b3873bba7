"""The form that `/record` alone opens. What somebody fills in starts a recording as the command would."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import structlog

from handlers.commands.end_times import EndTimes, For, NotATime, TypedEnd, parse_end
from handlers.commands.parser import Command, check_unquoted_name
from handlers.commands.usage import ANY_LENGTH, UsageError
from handlers.directory import ChannelName, NotInChannel
from handlers.outcomes import not_in_channel_reply
from handlers.requests import Press, SlashCommand, Submission, form_metadata
from messages import form as fields
from messages.blocks import Message
from messages.config import DEFAULT_CONTACT
from recordings.errors import InvalidChannelName, PersonError, SlackError, StorageUnavailable
from recordings.model.audit import Source
from recordings.model.options import DEFAULT_OPTIONS, END_WORDS, UNSPACED_END, Layout, Media, Options, Resolution
from recordings.model.requester import Requester
from recordings.service.access import ChannelNotAllowed
from recordings.service.start_stop import AlreadyElsewhere, AlreadyHere, InvalidName, RecordingService, StartRequest

_QUOTES = '"\u201c\u201d\u201e\u00ab\u00bb'
_AMBIGUOUS_TIME = re.compile(r"0?[0-9][:.][0-9]{2}")
"""`1:30` can mean an hour and a half, or half past one."""
_log = structlog.get_logger(__name__)

Errors = dict[str, str]
"""What is wrong, by field."""


class ViewOpener(Protocol):
    """Slack's `views.open`."""

    def open_view(self, trigger_id: str, view: dict[str, Any]) -> None:
        """Raises `SlackError`."""


@dataclass(frozen=True, slots=True)
class RecordForm:
    """Opens the form, and starts what somebody filled in."""

    service: RecordingService
    channel_name: ChannelName
    end_times: EndTimes
    slack: ViewOpener
    """Its client has to time out within the 3 seconds that a trigger is valid."""
    limits: fields.Limits
    bot_name: Callable[[], str]
    """What people type to invite the bot."""
    contact: str = DEFAULT_CONTACT

    def open(self, request: SlashCommand, _command: Command) -> Message | None:
        """Opens the form for a command; the reply if that fails."""
        return self.answer(request)

    def answer(self, request: SlashCommand | Press) -> Message | None:
        """Opens the form, also for the button in the help; not where the bot can't post."""
        try:
            own_name = self.channel_name(request.slack_channel.channel, request.channel_name) or ""
        except NotInChannel as error:
            return not_in_channel_reply(self.bot_name(), is_conversation=error.is_conversation)
        view = fields.form(self._defaults(request, own_name), self.limits, form_metadata(request))
        try:
            self.slack.open_view(request.trigger_id, view)
        except SlackError as error:
            _log.warning("form_not_opened", error=str(error), user=request.requester.id)
            return fields.not_opened(error)
        return None

    def _defaults(self, request: SlashCommand | Press, own_name: str) -> fields.FormDefaults:
        """The name and the options of the last recording in this Slack channel; else the channel's own name."""
        try:
            recent = self.service.recent(request.slack_channel)
        except StorageUnavailable:
            recent = ()
        options = recent[0].current_options if recent else DEFAULT_OPTIONS
        names = dict.fromkeys(recording.agora_channel for recording in recent)
        allowed = [name for name in names if self._may_record(request.requester, name)]
        if allowed:
            return fields.FormDefaults(allowed[0], allowed, options)
        return fields.FormDefaults(own_name if self._may_record(request.requester, own_name) else "", (), options)

    def _may_record(self, requester: Requester, name: str) -> bool:
        try:
            self.service.check_name(requester, name)
        except PersonError:
            return False
        return True

    def submit(self, submission: Submission) -> Errors:
        """Starts the recording; or what is wrong, by field. Raises `SystemFailure`.

        A form that Slack delivers twice starts one recording.
        """
        requester, filled = submission.requester, FilledForm.parse(submission.view)
        _log.info("form", user=requester.id, channel=requester.slack_channel.channel, agora_channel=filled.name)
        errors = filled.contradictions()
        if (problem := self._name_problem(requester, filled)) is not None:
            errors[filled.name_field] = problem
        try:
            request = self._start_request(submission, filled)
        except UsageError as error:
            errors[fields.LENGTH] = f"{error} Try {_lengths(error.words)}."
        else:
            if not errors and (problem := self._start(requester, request)) is not None:
                errors[filled.name_field] = problem
        return {field: fields.field_error(words) for field, words in errors.items()}

    def _start_request(self, submission: Submission, filled: FilledForm) -> StartRequest:
        """Raises `UsageError` if the length can't be understood."""
        end = parse_length(filled.length)
        return StartRequest(
            agora_channel=filled.name,
            source=Source.FORM,
            ends_at=None if end is None else self.end_times.resolve(end, submission.requester.id),
            options=replace(filled.options, lasts=end.seconds if isinstance(end, For) else None),
            response_url=submission.response_url,
            delivery_key=submission.delivery_key,
        )

    def _start(self, requester: Requester, request: StartRequest) -> str | None:
        """Starts the recording; or what is wrong with the name. Raises `NotAllowed`."""
        match self.service.start(requester, request):
            case AlreadyHere():
                return fields.already_recorded_here(request.agora_channel)
            case AlreadyElsewhere():
                return fields.already_recorded_elsewhere(request.agora_channel)
            case InvalidName(_, problem):
                return problem
        return None

    def _name_problem(self, requester: Requester, filled: FilledForm) -> str | None:
        if not filled.name.strip():
            return fields.NO_NAME
        try:
            if filled.unquoted:
                check_unquoted_name(filled.name)
            self.service.check_name(requester, filled.name)
        except (UsageError, InvalidChannelName) as error:
            return str(error)
        except ChannelNotAllowed as error:
            return fields.not_one_of(filled.name, error.patterns, self.contact)
        return None


@dataclass(frozen=True, slots=True)
class FilledForm:
    """The values of the fields."""

    name: str
    name_field: str
    """The field that the name is from: what is wrong with the name shows there."""
    unquoted: bool
    """Somebody typed the name, without quotes."""
    length: str
    options: Options
    defaults: Options
    """The options that the fields held when the form opened."""

    @classmethod
    def parse(cls, view: Mapping[str, Any]) -> FilledForm:
        """From the `view` of a `view_submission` (docs.slack.dev, view submission payload)."""
        values = {name: next(iter(elements.values())) for name, elements in view["state"]["values"].items()}
        elements = {block["block_id"]: block["element"] for block in view["blocks"] if block["type"] == "input"}
        recent = _chosen(values.get(fields.RECENT), "selected_option")
        typed = (values.get(fields.CHANNEL) or {}).get("value") or ""
        name, default_name = _without_quotes(typed), (elements.get(fields.CHANNEL) or {}).get("initial_value")
        return cls(
            name=recent or name,
            name_field=fields.RECENT if recent else fields.CHANNEL,
            unquoted=not recent and name == typed.strip() and typed != default_name,
            length=(values.get(fields.LENGTH) or {}).get("value") or "",
            options=_options(values, "selected_option"),
            defaults=_options(elements, "initial_option"),
        )

    def contradictions(self) -> Errors:
        """Fields about the picture that somebody changed although the recording has sound only."""
        if self.options.has_picture:
            return {}
        changed = {
            fields.LAYOUT: (fields.NO_LAYOUT, self.options.layout is not self.defaults.layout),
            fields.RESOLUTION: (fields.NO_RESOLUTION, self.options.resolution is not self.defaults.resolution),
        }
        return {field: words for field, (words, is_changed) in changed.items() if is_changed}


def parse_length(text: str) -> TypedEnd | None:
    """The end, typed with or without `for` or `until`; None if the field is empty. Raises `UsageError`."""
    typed = text.strip()
    words = UNSPACED_END.sub(r"\1 ", typed, count=1).split(None, 1)
    if not words:
        return None
    if words[0].lower() in END_WORDS:
        return parse_end(words[0], words[1].strip() if len(words) > 1 else "")
    try:
        return parse_end("for", typed)
    except NotATime as error:
        try:
            until = parse_end("until", typed)
        except NotATime:
            raise error from None
        if _AMBIGUOUS_TIME.fullmatch(typed):
            raise _ambiguous(typed) from None
        return until


def _lengths(words: str) -> str:
    """What can be typed into the field, from what can be typed behind a name."""
    return "45m, 2h or 1h30m" if words in ("", ANY_LENGTH) else words.removeprefix("for ")


def _ambiguous(typed: str) -> UsageError:
    hours, minutes = re.split("[:.]", typed)
    length = f"{int(hours)}h{minutes}m"
    return UsageError(f"Is {typed} a length or a time of day? Type {length}, or until {typed}.", f"for {length}")


def _options(elements: Mapping[str, dict[str, Any]], key: str) -> Options:
    return Options(
        media=Media(_chosen(elements.get(fields.MEDIA), key) or DEFAULT_OPTIONS.media),
        layout=Layout(_chosen(elements.get(fields.LAYOUT), key) or DEFAULT_OPTIONS.layout),
        resolution=Resolution(_chosen(elements.get(fields.RESOLUTION), key) or DEFAULT_OPTIONS.resolution),
    )


def _chosen(element: dict[str, Any] | None, key: str) -> str:
    return str(((element or {}).get(key) or {}).get("value") or "")


def _without_quotes(name: str) -> str:
    """People who know the command may type quotes here too. No Agora channel has them in its name."""
    bare = name.strip()
    return bare[1:-1] if len(bare) > 1 and bare[0] in _QUOTES and bare[-1] in _QUOTES else bare
