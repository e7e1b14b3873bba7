"""The Bolt app: which request goes to which handler, and what people read if it fails."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import Enum, auto
from http.client import HTTPException
from typing import Any, Protocol

import structlog
from flask import Request, Response
from slack_bolt import Ack, App, BoltResponse, Respond
from slack_bolt.adapter.flask.handler import SlackRequestHandler
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context import BoltContext
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.request import BoltRequest
from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from handlers import COMMANDS
from handlers.access import Guard
from handlers.buttons.acknowledge import AcknowledgeButton
from handlers.buttons.again import RecordAgainButton
from handlers.buttons.extend import ExtendButton
from handlers.buttons.layout import LayoutMenu, LayoutOption
from handlers.buttons.links import LinksButton
from handlers.buttons.lookups import DetailsButton, LocationOption, NextPageButton, OptionsButton
from handlers.buttons.stop import StopButton
from handlers.commands.doctor import DoctorCommand
from handlers.commands.parser import Command, Verb
from handlers.commands.record import RecordCommand
from handlers.commands.usage import usage_reply
from handlers.form import RecordForm
from handlers.requests import Press, SlashCommand, Submission
from messages import replies
from messages.blocks import Message
from messages.buttons import (
    ACKNOWLEDGE_ACTION,
    AGAIN_ACTION,
    AGAIN_OPTION,
    DETAILS_ACTION,
    DETAILS_OPTION,
    LAYOUT_OPTION,
    MORE_ACTION,
    NEXT_ACTION,
    PLACE_OPTION,
)
from messages.cards import EXTEND_ACTION, STOP_ACTION
from messages.config import MessageConfig
from messages.doctor import LOOKING
from messages.files import LINKS_ACTION
from messages.form import CHANNEL, FORM, field_error
from messages.help import OPEN_FORM_ACTION, OPTIONS_ACTION
from messages.layout import LAYOUT_ACTION
from messages.links import OPEN_ACTION
from recordings.errors import StorageUnavailable
from recordings.service.access import Access, Action

_THREADS = 24
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handlers:
    """One handler for each kind of request, and who may make it."""

    access: Access
    config: MessageConfig
    record: RecordCommand
    doctor: DoctorCommand
    form: RecordForm
    stop: StopButton
    extend: ExtendButton
    again: RecordAgainButton
    layout: LayoutMenu
    layout_option: LayoutOption
    links: LinksButton
    acknowledge: AcknowledgeButton
    details: DetailsButton
    location: LocationOption
    next_page: NextPageButton
    options: OptionsButton


class Button(Protocol):
    """Answers a press on a button, or a choice in a menu."""

    def answer(self, press: Press) -> Message | None:
        """The reply, for the person alone; None if a card or an alert shows what happens."""


CommandHandler = Callable[[SlashCommand, Command], Message | None]
Refusal = Callable[[SlashCommand], Message | None]
"""Why the requester does not get an answer; None: it follows."""


class Mode(Enum):
    """When a command is acknowledged. Slack waits 3 seconds, then the person reads that it failed."""

    FAST = auto()
    """After the answer: the acknowledgement carries it, and a request that can't be saved shows as failed."""
    SLOW = auto()
    """Before the answer, with a text or with a refusal: the answer takes seconds."""
    FORM = auto()
    """Before the answer, without a text: the form opens."""


@dataclass(frozen=True, slots=True)
class CommandRoute:
    """The handler of a verb, and what the requester has to be allowed to do."""

    handler: Callable[[Handlers], CommandHandler]
    action: Action
    mode: Mode = Mode.FAST
    refusal: Callable[[Handlers], Refusal] = lambda _: lambda _: None
    """For `Mode.SLOW`; it may take about a second."""


@dataclass(frozen=True, slots=True)
class ButtonRoute:
    """The handler of an `action_id`, and what the requester has to be allowed to do."""

    action_id: str
    button: Callable[[Handlers], Button]
    action: Action
    slow: bool = False
    """The answer can take more than 3 seconds, so the press is acknowledged before it."""


@dataclass(frozen=True, slots=True)
class OptionRoute:
    """The handler of an option in the ⋯ menu, by the beginning of its value; the rest is the recording's id."""

    prefix: str
    button: Callable[[Handlers], Button]
    action: Action


Answer = Callable[[Press], Message | None]
COMMAND_ROUTES: Mapping[Verb, CommandRoute] = {
    Verb.START: CommandRoute(lambda handlers: handlers.record.start, Action.START),
    Verb.STOP: CommandRoute(lambda handlers: handlers.record.stop, Action.STOP),
    Verb.STATUS: CommandRoute(lambda handlers: handlers.record.status, Action.SEE_STATUS),
    Verb.LIST: CommandRoute(lambda handlers: handlers.record.show_list, Action.LIST),
    Verb.HELP: CommandRoute(lambda handlers: handlers.record.show_help, Action.GET_HELP),
    Verb.UNKNOWN: CommandRoute(lambda handlers: handlers.record.show_help, Action.GET_HELP),
    Verb.DOCTOR: CommandRoute(
        lambda handlers: handlers.doctor.answer,
        Action.RUN_DOCTOR,
        Mode.SLOW,
        lambda handlers: handlers.doctor.refusal,
    ),
    Verb.FORM: CommandRoute(lambda handlers: handlers.form.open, Action.START, Mode.FORM),
}
BUTTON_ROUTES = (
    ButtonRoute(STOP_ACTION, lambda handlers: handlers.stop, Action.STOP),
    ButtonRoute(EXTEND_ACTION, lambda handlers: handlers.extend, Action.EXTEND),
    ButtonRoute(AGAIN_ACTION, lambda handlers: handlers.again, Action.START),
    ButtonRoute(LAYOUT_ACTION, lambda handlers: handlers.layout, Action.CHANGE_LAYOUT),
    ButtonRoute(NEXT_ACTION, lambda handlers: handlers.next_page, Action.LIST),
    ButtonRoute(DETAILS_ACTION, lambda handlers: handlers.details, Action.SEE_DETAILS),
    ButtonRoute(ACKNOWLEDGE_ACTION, lambda handlers: handlers.acknowledge, Action.ACKNOWLEDGE, slow=True),
    ButtonRoute(LINKS_ACTION, lambda handlers: handlers.links, Action.GET_LINKS, slow=True),
    ButtonRoute(OPEN_FORM_ACTION, lambda handlers: handlers.form, Action.START, slow=True),
    ButtonRoute(OPTIONS_ACTION, lambda handlers: handlers.options, Action.GET_HELP),
)
_DETAILS = OptionRoute(DETAILS_OPTION, lambda handlers: handlers.details, Action.SEE_DETAILS)
OPTION_ROUTES = (
    _DETAILS,
    OptionRoute(LAYOUT_OPTION, lambda handlers: handlers.layout_option, Action.CHANGE_LAYOUT),
    OptionRoute(PLACE_OPTION, lambda handlers: handlers.location, Action.SEE_DETAILS),
    OptionRoute(AGAIN_OPTION, lambda handlers: handlers.again, Action.START),
)


def slack_app(client: WebClient, bot_token: str, signing_secret: str, handlers: Handlers) -> App:
    """An app with every listener. `client` has no token of its own. Makes no call: Slack may be down."""
    app = App(
        # Without a name Bolt looks for the file of its caller, which takes a tenth of a second.
        name="recorder",
        client=client,
        signing_secret=signing_secret or "unused-in-socket-mode",
        authorize=_authorize(bot_token),
        token_verification_enabled=False,
        raise_error_for_unhandled_request=True,
        # A thread is busy for a database transaction and for up to a second of a profile lookup. With Bolt's own five
        # threads a burst of commands would not be acknowledged within Slack's 3 seconds.
        listener_executor=ThreadPoolExecutor(_THREADS, thread_name_prefix="listener"),
    )
    guard = Guard(handlers.access, handlers.config)
    for name in COMMANDS:
        app.command(name)(_command_listener(handlers, guard))
    for route in BUTTON_ROUTES:
        listener = _slow_press_listener if route.slow else _press_listener
        app.action(route.action_id)(listener(_button_answer(route, handlers, guard)))
    app.action(MORE_ACTION)(_press_listener(_option_answer(handlers, guard)))
    app.action(re.compile(rf"{OPEN_ACTION}_\d+"))(_acknowledge_only)
    app.view(FORM)(_submission_listener(handlers.form, guard))
    app.error(_on_error)
    return app


def _authorize(bot_token: str) -> Any:
    # Without a function of our own Bolt calls auth.test inside the first request, whose acknowledgement then fails if
    # Slack is slow.
    def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token=bot_token)

    return authorize


def _command_listener(handlers: Handlers, guard: Guard) -> Any:
    def listener(ack: Ack, command: dict[str, Any], respond: Respond) -> None:
        request = SlashCommand.parse(command)
        parsed = Command.with_working_example(request.text)
        route = COMMAND_ROUTES[parsed.verb]
        if route.mode is Mode.SLOW:
            refusal = route.refusal(handlers)(request)
            _acknowledge(ack, refusal or replies.text(LOOKING))
            if refusal is not None:
                return
        elif route.mode is Mode.FORM:
            ack()
        reply = guard.answer(lambda admitted: answer_command(handlers, admitted, parsed), request, route.action)
        if route.mode is Mode.FAST:
            _log.info("command", user=request.requester.id, channel=request.slack_channel.channel, text=request.text)
            _acknowledge(ack, reply)
        elif reply is not None:
            _respond(respond, reply, replace_original=False)

    return listener


def _acknowledge(ack: Ack, reply: Message | None) -> None:
    if reply is None:
        ack()
    else:
        ack(text=reply.text, blocks=list(reply.blocks), response_type="ephemeral")


def answer_command(handlers: Handlers, request: SlashCommand, command: Command) -> Message | None:
    if command.problem is not None:
        return usage_reply(command.problem, handlers.config)
    return COMMAND_ROUTES[command.verb].handler(handlers)(request, command)


def _button_answer(route: ButtonRoute, handlers: Handlers, guard: Guard) -> Answer:
    button = route.button(handlers)
    return lambda press: guard.answer(button.answer, press, route.action)


def _option_answer(handlers: Handlers, guard: Guard) -> Answer:
    def answer(press: Press) -> Message | None:
        route = next((route for route in OPTION_ROUTES if press.value.startswith(route.prefix)), _DETAILS)
        chosen = replace(press, value=press.value.removeprefix(route.prefix))
        return guard.answer(route.button(handlers).answer, chosen, route.action)

    return answer


def _press_listener(answer: Answer) -> Any:
    def listener(ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        # The answer comes before the acknowledgement, so that a press that can't be saved shows as failed.
        press = Press.parse(body)
        replaces = press.ephemeral
        try:
            reply = answer(press)
        except StorageUnavailable as error:
            reply, replaces = _not_written(error), False
        ack()
        if reply is not None:
            _respond(respond, reply, replace_original=replaces)

    return listener


def _slow_press_listener(answer: Answer) -> Any:
    def listener(ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        ack()
        try:
            reply = answer(Press.parse(body))
        except StorageUnavailable as error:
            reply = _not_written(error)
        if reply is not None:
            _respond(respond, reply, replace_original=False)

    return listener


def _submission_listener(form: RecordForm, guard: Guard) -> Any:
    def listener(ack: Ack, body: dict[str, Any]) -> None:
        errors = guard.answer(form.submit, Submission.parse(body), Action.START)
        if isinstance(errors, Message):
            errors = {CHANNEL: field_error(errors.text)}
        if errors:
            ack(response_action="errors", errors=errors)
        else:
            ack()

    return listener


def _not_written(error: StorageUnavailable) -> Message:
    reference = secrets.token_hex(4)
    _log.error("request_not_written", error=str(error), reference=reference)
    return replies.storage_failed(reference)


def _acknowledge_only(ack: Ack) -> None:
    ack()


def _respond(respond: Respond, reply: Message, *, replace_original: bool) -> None:
    response = respond(
        text=reply.text,
        blocks=list(reply.blocks),
        response_type="ephemeral",
        replace_original=replace_original,
    )
    if response.status_code != 200:
        _log.warning("reply_refused", status=response.status_code)


def _on_error(error: Exception, request: BoltRequest, context: BoltContext) -> BoltResponse | None:
    """Answers a request that was not acknowledged yet, replies to one that was. Bolt acknowledges with what this
    returns, so it returns nothing about a request that was acknowledged."""
    reference = secrets.token_hex(4)
    if isinstance(error, BoltUnhandledRequestError):
        _log.info("unhandled_request", type=request.body.get("type"), reference=reference)
        return BoltResponse(status=200, body="")
    if isinstance(error, StorageUnavailable):
        _log.error("request_not_written", error=str(error), reference=reference)
        reply = replies.storage_failed(reference)
    else:
        _log.error("request_failed", reference=reference, exc_info=error)
        reply = replies.unexpected(reference)
    if context.ack.response is not None:
        _reply_late(context, reply, reference)
        return None
    return BoltResponse(status=200, body=_acknowledgement(request, reply))


def _acknowledgement(request: BoltRequest, reply: Message) -> str | dict[str, Any]:
    """The acknowledgement that shows this reply. A form stays open and keeps its values."""
    if request.body.get("command"):
        return {"response_type": "ephemeral", "text": reply.text}
    if request.body.get("type") == "view_submission":
        return {"response_action": "errors", "errors": {CHANNEL: field_error(reply.text.replace("`", ""))}}
    return ""


def _reply_late(context: BoltContext, reply: Message, reference: str) -> None:
    """Over the `response_url`, if the request has one."""
    respond = context.respond
    if context.response_url is None or respond is None:
        return
    try:
        _respond(respond, reply, replace_original=False)
    except (SlackClientError, OSError, HTTPException, ValueError) as error:
        _log.warning("reply_refused", error=type(error).__name__, reference=reference)


class SlackOverHttp:
    """Answers requests that Slack signed (docs.slack.dev, verifying requests), and any other request with 401."""

    def __init__(self, app: App) -> None:
        self._handler = SlackRequestHandler(app)

    def __call__(self, request: Request) -> Response:
        return self._handler.handle(request)
