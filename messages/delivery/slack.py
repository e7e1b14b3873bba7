"""Slack's Web API as the bot uses it: one request a call, no waiting between tries."""

from __future__ import annotations

from collections.abc import Callable
from http.client import HTTPException
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.webhook import WebhookClient

from messages.blocks import Message
from recordings.errors import SlackBusy, SlackError, SlackRefused

_NOT_NOW = frozenset(
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
_SECONDS = 8
_MEMBERS_PAGE = 1000


def web_client(token: str | None, base_url: str, seconds: int = _SECONDS) -> WebClient:
    """A client that sends a request at most once: the SDK's own retries post a message twice when its answer is
    lost."""
    return WebClient(token=token, base_url=base_url, timeout=seconds, retry_handlers=[])


class Slack:
    """Posts, updates and answers. Raises `SlackRefused` where trying again is useless, else `SlackBusy`."""

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
        """Opens a modal for whoever the trigger belongs to; it is good once, for 3 s (docs.slack.dev, views.open)."""
        _call(lambda: self._client.views_open(trigger_id=trigger_id, view=view))

    def direct_channel(self, user: str) -> str:
        """The channel of direct messages to this person; without the scope for it, the person, as posts may name."""
        try:
            return str(_call(lambda: self._client.conversations_open(users=user))["channel"]["id"])
        except SlackRefused as error:
            if error.error != "missing_scope":
                raise
            return user

    def is_member(self, channel: str, user: str) -> bool:
        """Whether this person is in the channel at this moment (docs.slack.dev, conversations.members)."""
        cursor: str | None = None
        while cursor != "":
            members, cursor = self._members(channel, cursor)
            if user in members:
                return True
        return False

    def _members(self, channel: str, cursor: str | None) -> tuple[list[str], str]:
        """A page of members, and where the next one begins; empty after the last."""
        page = _call(lambda: self._client.conversations_members(channel=channel, limit=_MEMBERS_PAGE, cursor=cursor))
        return page["members"], (page.get("response_metadata") or {}).get("next_cursor") or ""

    def answer(self, response_url: str, message: Message) -> None:
        """Answers a command or a press to the person who typed it (at most 5 times in 30 minutes)."""
        webhook = WebhookClient(response_url, timeout=_SECONDS, retry_handlers=[])
        blocks = list(message.blocks) or None
        # A press has such a URL too, and what was pressed stays.
        answer = _call(
            lambda: webhook.send(text=message.text, blocks=blocks, response_type="ephemeral", replace_original=False)
        )
        if answer.status_code == 429 or answer.status_code >= 500:
            raise SlackBusy(f"http_{answer.status_code}", retry_after=_seconds(answer.headers))
        if answer.status_code != 200:
            raise SlackRefused(f"http_{answer.status_code}")


def _content(message: Message) -> dict[str, Any]:
    # `blocks` always goes along: an update without them would leave the old ones or drop them.
    return {"text": message.text, "blocks": list(message.blocks), "metadata": message.metadata or None}


def _call(send: Callable[[], Any]) -> Any:
    try:
        return send()
    except SlackApiError as error:
        raise _of(error) from None
    except (SlackClientError, OSError, HTTPException, ValueError) as error:
        raise SlackBusy(f"no_answer: {type(error).__name__}") from None


def _of(error: SlackApiError) -> SlackError:
    answer = error.response
    status = getattr(answer, "status_code", 200)
    name = str(answer.get("error") or f"http_{status}") if hasattr(answer, "get") else f"http_{status}"
    if status == 429 or status >= 500 or name in _NOT_NOW:
        return SlackBusy(name, retry_after=_seconds(getattr(answer, "headers", {})))
    return SlackRefused(name, needed=answer.get("needed"))


def _seconds(headers: Any) -> float | None:
    for name, value in dict(headers or {}).items():
        if str(name).lower() == "retry-after":
            text = value[0] if isinstance(value, list) and value else value
            return float(text) if str(text).strip().isdigit() else None
    return None
