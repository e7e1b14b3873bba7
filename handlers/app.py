"""The Bolt app: which request goes where, and what a person reads when something fails."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from http.client import HTTPException
from typing import Any

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
from handlers.access import GET_LINKS, Gate
from handlers.buttons.acknowledge import AcknowledgeButton
from handlers.buttons.again import RecordAgainButton
from handlers.buttons.extend import ExtendButton
from handlers.buttons.layout import LayoutMenu
from handlers.buttons.links import LinksButton
from handlers.buttons.lookups import DetailsButton, NextButton
from handlers.buttons.stop import StopButton
from handlers.commands.doctor import Doctor
from handlers.commands.parser import asks_for_doctor, asks_for_form
from handlers.commands.record import RecordCommand
from handlers.form import RecordForm
from messages import replies
from messages.blocks import Message
from messages.buttons import ACKNOWLEDGE_ACTION, AGAIN_ACTION, DETAILS_ACTION, MORE_ACTION, NEXT_ACTION
from messages.cards import EXTEND_ACTION, STOP_ACTION
from messages.doctor import LOOKING
from messages.files import LINKS_ACTION
from messages.form import CHANNEL, FORM, field_error
from messages.layout import LAYOUT_ACTION
from messages.links import OPEN_ACTION
from recordings.errors import StorageUnavailable
from recordings.service.access import Access

_THREADS = 24
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Handlers:
    """What answers each kind of request, and who may make it."""

    access: Access
    record: RecordCommand
    doctor: Doctor
    form: RecordForm
    stop: StopButton
    extend: ExtendButton
    again: RecordAgainButton
    layout: LayoutMenu
    links: LinksButton
    acknowledge: AcknowledgeButton
    details: DetailsButton
    next_page: NextButton


def slack_app(client: WebClient, bot_token: str, signing_secret: str, handlers: Handlers) -> App:
    """An app with every listener; `client` has no token of its own. Calls nothing: Slack may be down."""
    app = App(
        client=client,
        signing_secret=signing_secret or "unused-in-socket-mode",
        authorize=_authorize(bot_token),
        token_verification_enabled=False,
        raise_error_for_unhandled_request=True,
        # Each thread waits for one database transaction, and to hear who somebody is for a second, at most; with
        # Bolt's own five, a burst of commands would not be acknowledged within Slack's 3 seconds.
        listener_executor=ThreadPoolExecutor(_THREADS, thread_name_prefix="listener"),
    )
    gate = Gate(handlers.access)
    for name in COMMANDS:
        app.command(name)(_command(handlers.record, handlers.doctor, handlers.form, gate))
    for action, button in (
        (STOP_ACTION, handlers.stop),
        (EXTEND_ACTION, handlers.extend),
        (AGAIN_ACTION, handlers.again),
        (LAYOUT_ACTION, handlers.layout),
    ):
        app.action(action)(_press(partial(gate.press, button.answer)))
    app.action(NEXT_ACTION)(_press(handlers.next_page.answer))
    for action in (MORE_ACTION, DETAILS_ACTION):
        app.action(action)(_press(handlers.details.answer))
    app.action(ACKNOWLEDGE_ACTION)(_press_slowly(handlers.acknowledge.answer))
    app.action(LINKS_ACTION)(_press_slowly(partial(gate.press, handlers.links.answer, doing=GET_LINKS)))
    app.action(re.compile(rf"{OPEN_ACTION}_\d+"))(_nothing_to_do)
    app.view(FORM)(_submission(handlers.form, gate))
    app.error(_on_error)
    return app


def _authorize(bot_token: str) -> Any:
    # Without a function of our own Bolt asks Slack (auth.test) inside the first request, whose acknowledgement
    # then fails when Slack is slow.
    def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token=bot_token)

    return authorize


def _command(record: RecordCommand, doctor: Doctor, form: RecordForm, gate: Gate) -> Any:
    def listener(ack: Ack, command: dict[str, Any], respond: Respond) -> None:
        if asks_for_doctor(command.get("text") or ""):
            ack(text=LOOKING, response_type="ephemeral")
            _respond(respond, doctor.answer(command), replace_original=False)
            return
        if asks_for_form(command.get("text") or ""):
            ack()
            refusal = gate.command(form.open, command)
            if refusal is not None:
                _respond(respond, refusal, replace_original=False)
            return
        reply = gate.command(record.answer, command)
        _log.info("command", user=command.get("user_id"), channel=command.get("channel_id"), text=command.get("text"))
        ack(text=reply.text, blocks=list(reply.blocks), response_type="ephemeral")

    return listener


Handler = Callable[[dict[str, Any]], Message | None]
"""The reply to a press; None where what follows shows elsewhere."""


def _press(answer: Handler) -> Any:
    def listener(ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        # Written down first, acknowledged then: what is lost shows as lost.
        replaces = bool((body.get("container") or {}).get("is_ephemeral"))
        try:
            reply = answer(body)
        except StorageUnavailable as error:
            reply, replaces = _not_written(error), False
        ack()
        if reply is not None:
            _respond(respond, reply, replace_original=replaces)

    return listener


def _press_slowly(answer: Handler) -> Any:
    def listener(ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        ack()
        try:
            reply = answer(body)
        except StorageUnavailable as error:
            reply = _not_written(error)
        if reply is not None:
            _respond(respond, reply, replace_original=False)

    return listener


def _submission(form: RecordForm, gate: Gate) -> Any:
    def listener(ack: Ack, body: dict[str, Any]) -> None:
        errors = gate.press(form.submit, body)
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


def _nothing_to_do(ack: Ack) -> None:
    ack()


def _respond(respond: Respond, reply: Message, *, replace_original: bool) -> None:
    answer = respond(
        text=reply.text,
        blocks=list(reply.blocks),
        response_type="ephemeral",
        replace_original=replace_original,
    )
    if answer.status_code != 200:
        _log.warning("reply_refused", status=answer.status_code)


def _on_error(error: Exception, request: BoltRequest, context: BoltContext) -> BoltResponse | None:
    """One of the four edges. What was not acknowledged yet is answered here; nothing else may be returned."""
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
        _tell(context, reply, reference)
        return None
    return BoltResponse(status=200, body=_answer_of(request, reply))


def _answer_of(request: BoltRequest, reply: Message) -> str | dict[str, Any]:
    """The acknowledgement that shows this. A form stays open, with what was filled in."""
    if request.body.get("command"):
        return {"response_type": "ephemeral", "text": reply.text}
    if request.body.get("type") == "view_submission":
        return {"response_action": "errors", "errors": {CHANNEL: field_error(reply.text.replace("`", ""))}}
    return ""


def _tell(context: BoltContext, reply: Message, reference: str) -> None:
    """What failed after the acknowledgement, where a reply still has a way to the person."""
    respond = context.respond
    if context.response_url is None or respond is None:
        return
    try:
        _respond(respond, reply, replace_original=False)
    except (SlackClientError, OSError, HTTPException, ValueError) as error:
        _log.warning("reply_refused", error=type(error).__name__, reference=reference)


class SlackOverHttp:
    """Answers a request that Slack signed (docs.slack.dev, Verifying requests); any other with 401."""

    def __init__(self, app: App) -> None:
        self._handler = SlackRequestHandler(app)

    def __call__(self, request: Request) -> Response:
        return self._handler.handle(request)
