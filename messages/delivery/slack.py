"""Slack's Web API as the bot uses it: one request a call, no waiting between tries."""

from __future__ import annotations

from collections.abc import Callable
from http.client import HTTPException
from typing import Any

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.webhook import WebhookClient

from messages.blocks import Message
from recordings.errors import SlackBusy, SlackError, SlackRefused, SlackUnanswered

BLOCKS_REFUSED = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_too_long", "msg_blocks_too_long"})
"""Errors after which the message is sent as plain text."""
_TRY_LATER = frozenset(
    {
        "ratelimited",
        "rate_limited",
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        "team_added_to_org",
        "accesslimited",
    }
)
_TIMEOUT = 8
"""Seconds."""
_MEMBERS_PAGE = 1000
_log = structlog.get_logger(__name__)


def web_client(token: str | None, base_url: str, seconds: int = _TIMEOUT) -> WebClient:
    """A client without the SDK's retries, which post a message twice if the answer to the first try is lost."""
    return WebClient(token=token, base_url=base_url, timeout=seconds, retry_handlers=[])


class Slack:
    """Slack's methods. They raise `SlackBusy` if a later try may succeed, else `SlackRefused`."""

    def __init__(self, client: WebClient) -> None:
        self._client = client

    def post(self, channel: str, message: Message, *, thread_ts: str | None = None, broadcast: bool = False) -> str:
        """Posts a message and returns its `ts`."""
        answer = _call(
            lambda: self._client.chat_postMessage(
                channel=channel,
                thread_ts=thread_ts,
                reply_broadcast=broadcast or None,
                unfurl_links=False,
                unfurl_media=False,
                **_content(message),
            )
        )
        return str(answer["ts"])

    def update(self, channel: str, ts: str, message: Message) -> None:
        _call(lambda: self._client.chat_update(channel=channel, ts=ts, **_content(message)))

    def open_view(self, trigger_id: str, view: dict[str, Any]) -> None:
        """Opens a modal. A trigger works once, and for 3 s (docs.slack.dev, views.open)."""
        _call(lambda: self._client.views_open(trigger_id=trigger_id, view=view))

    def direct_channel(self, user: str) -> str:
        """The id of the direct message with this person; without the scope for that, the user id, which works too."""
        try:
            return str(_call(lambda: self._client.conversations_open(users=user))["channel"]["id"])
        except SlackRefused as error:
            if error.error != "missing_scope":
                raise
            return user

    def is_member(self, channel: str, user: str) -> bool:
        """Whether this person is in the channel now (docs.slack.dev, conversations.members)."""
        cursor: str | None = None
        while cursor != "":
            members, cursor = self._members(channel, cursor)
            if user in members:
                return True
        return False

    def _members(self, channel: str, cursor: str | None) -> tuple[list[str], str]:
        """A page of members and the cursor of the next page, which is empty after the last."""
        page = _call(lambda: self._client.conversations_members(channel=channel, limit=_MEMBERS_PAGE, cursor=cursor))
        return page["members"], (page.get("response_metadata") or {}).get("next_cursor") or ""

    def answer(self, response_url: str, message: Message) -> None:
        """Replies to a command or a press, for that person alone. Slack allows 5 replies within 30 minutes."""
        webhook = WebhookClient(response_url, timeout=_TIMEOUT, retry_handlers=[])
        blocks = list(message.blocks) or None
        # A press has a response_url too. Slack must not replace the message with the button.
        answer = _call(
            lambda: webhook.send(text=message.text, blocks=blocks, response_type="ephemeral", replace_original=False)
        )
        if answer.status_code == 429 or answer.status_code >= 500:
            raise SlackBusy(f"http_{answer.status_code}", retry_after=_retry_after(answer.headers))
        if answer.status_code != 200:
            raise SlackRefused(f"http_{answer.status_code}")


def post_or_plain_text(
    slack: Slack, channel: str, message: Message, *, thread_ts: str | None = None, broadcast: bool = False
) -> str:
    """Posts a message; as plain text if Slack rejects its blocks."""
    try:
        return slack.post(channel, message, thread_ts=thread_ts, broadcast=broadcast)
    except SlackRefused as error:
        if error.error not in BLOCKS_REFUSED:
            raise
        _log.error("blocks_refused", channel=channel, error=error.error)
        return slack.post(channel, message.as_plain_text(), thread_ts=thread_ts, broadcast=broadcast)


def update_or_plain_text(slack: Slack, channel: str, ts: str, message: Message) -> None:
    """Edits a message; to plain text if Slack rejects its blocks."""
    try:
        slack.update(channel, ts, message)
    except SlackRefused as error:
        if error.error not in BLOCKS_REFUSED:
            raise
        _log.error("blocks_refused", channel=channel, error=error.error)
        slack.update(channel, ts, message.as_plain_text())


def _content(message: Message) -> dict[str, Any]:
    # Always with `blocks`: an update without them may keep the old blocks or drop them.
    return {"text": message.text, "blocks": list(message.blocks), "metadata": message.metadata or None}


def _call(send: Callable[[], Any]) -> Any:
    try:
        return send()
    except SlackApiError as error:
        raise _error_for(error) from None
    except (SlackClientError, OSError, HTTPException, ValueError) as error:
        raise SlackUnanswered(f"no_answer: {type(error).__name__}") from None


def _error_for(error: SlackApiError) -> SlackError:
    answer = error.response
    status = getattr(answer, "status_code", 200)
    name = str(answer.get("error") or f"http_{status}") if hasattr(answer, "get") else f"http_{status}"
    if status == 429 or status >= 500 or name in _TRY_LATER:
        return SlackBusy(name, retry_after=_retry_after(getattr(answer, "headers", {})))
    return SlackRefused(name, needed=answer.get("needed"))


def _retry_after(headers: Any) -> float | None:
    for name, value in dict(headers or {}).items():
        if str(name).lower() == "retry-after":
            text = value[0] if isinstance(value, list) and value else value
            return float(text) if str(text).strip().isdigit() else None
    return None
