"""chat.*: posting, editing, deleting, linking."""

from __future__ import annotations

import re

from simulator.slack.blocks.checks import message_problems, metadata_valid, too_long, with_ids
from simulator.slack.http import Json
from simulator.slack.web_api.app import Context, Method
from simulator.slack.web_api.calls import ApiError, Arguments, invalid
from simulator.slack.workspace.workspace import Channel, Message

TEXT_CUT = 40_000
UPDATE_TEXT = 4_000


def find_channel(context: Context, ref: str) -> Channel:
    """A channel that the bot can see (a private one only as a member); a user's id means direct messages."""
    workspace = context.workspace
    if ref in workspace.users and ref != workspace.bot.id:
        return workspace.direct(workspace.bot, workspace.users[ref])
    channel = workspace.channels.get(ref)
    if channel is None or (channel.private and workspace.bot.id not in channel.members):
        raise ApiError("channel_not_found")
    return channel


def _writable(context: Context, ref: str, *, public: bool = True) -> Channel:
    channel = find_channel(context, ref)
    if channel.archived:
        raise ApiError("is_archived")
    if context.workspace.bot.id not in channel.members and not (public and "chat:write.public" in context.scopes):
        raise ApiError("not_in_channel")
    return channel


def _blocks(arguments: Arguments) -> list[Json]:
    blocks = arguments.value("blocks") or []
    problems = message_problems(blocks)
    if problems:
        short = [problem.removeprefix("[ERROR] ") for problem in problems]
        raise ApiError("invalid_blocks", errors=short, response_metadata={"messages": problems})
    if too_long(blocks):
        raise ApiError("msg_blocks_too_long")
    return with_ids(blocks)


def _content(arguments: Arguments) -> tuple[str, list[Json]]:
    blocks = _blocks(arguments)
    text = arguments.maybe("text") or ""
    if not text and not blocks and not arguments.value("attachments"):
        raise ApiError("no_text")
    return text[:TEXT_CUT], blocks


def _metadata(arguments: Arguments) -> tuple[Json | None, Json]:
    """The metadata to store, and a warning for the answer: invalid metadata is dropped."""
    metadata = arguments.value("metadata")
    if metadata is None or metadata == {}:
        return None, {}
    if metadata_valid(metadata):
        return {"event_type": metadata["event_type"], "event_payload": metadata["event_payload"]}, {}
    warning = "invalid_metadata_schema" if isinstance(metadata, dict) else "invalid_metadata_format"
    return None, {"warning": warning, "response_metadata": {"warnings": [warning]}}


def message_json(context: Context, message: Message) -> Json:
    """The message object of answers and payloads."""
    workspace = context.workspace
    shown: Json = {
        "type": "message",
        "user": message.user,
        "ts": message.ts,
        "text": message.text,
        "team": workspace.team_id,
    }
    if message.user == workspace.bot.id:
        shown |= {"bot_id": workspace.bot_id, "app_id": workspace.app_id}
    optional = {"blocks": message.blocks, "thread_ts": message.thread_ts, "metadata": message.metadata}
    shown |= {name: value for name, value in optional.items() if value}
    if message.broadcast:
        shown["subtype"] = "thread_broadcast"
    if message.edited_at:
        shown["edited"] = {"user": message.user, "ts": f"{message.edited_at:.6f}"}
    return shown


def _thread(arguments: Arguments) -> str | None:
    thread_ts = arguments.maybe("thread_ts")
    if thread_ts and not re.fullmatch(r"\d{9,11}\.\d{6}", thread_ts):
        raise invalid("not a timestamp", "/thread_ts")
    return thread_ts


def post_message(context: Context, arguments: Arguments) -> Json:
    channel = _writable(context, arguments.text("channel"))
    text, blocks = _content(arguments)
    metadata, warning = _metadata(arguments)
    thread_ts = _thread(arguments)
    message = context.workspace.add_message(
        channel,
        context.workspace.bot,
        text,
        blocks=blocks,
        metadata=metadata,
        thread_ts=thread_ts,
        broadcast=bool(thread_ts) and arguments.flag("reply_broadcast"),
    )
    return {"channel": channel.id, "ts": message.ts, "message": message_json(context, message), **warning}


def post_ephemeral(context: Context, arguments: Arguments) -> Json:
    user = arguments.text("user")
    channel = _writable(context, arguments.text("channel"), public=False)
    if user not in channel.members:
        raise ApiError("user_not_in_channel")
    text, blocks = _content(arguments)
    facts: Json = {"blocks": blocks, "thread_ts": _thread(arguments), "ephemeral_to": user}
    message = context.workspace.add_message(channel, context.workspace.bot, text, via="chat.postEphemeral", **facts)
    return {"message_ts": message.ts}


def _own_message(context: Context, arguments: Arguments, denied: str) -> tuple[Channel, Message]:
    channel = find_channel(context, arguments.text("channel"))
    message = context.workspace.find_message(channel, arguments.text("ts"))
    if message is None or message.ephemeral_to:
        raise ApiError("message_not_found")
    if message.user != context.workspace.bot.id:
        raise ApiError(denied)
    if channel.archived:
        raise ApiError("is_archived")
    return channel, message


def update(context: Context, arguments: Arguments) -> Json:
    channel, message = _own_message(context, arguments, "cant_update_message")
    if len(arguments.maybe("text") or "") > UPDATE_TEXT:
        raise ApiError("msg_too_long")
    text, blocks, metadata, warning = _changed(message, arguments)
    context.workspace.edit(message, text, blocks, metadata)
    shown = message_json(context, message)
    return {"channel": channel.id, "ts": message.ts, "text": text, "message": shown, **warning}


def _changed(message: Message, arguments: Arguments) -> tuple[str, list[Json], Json | None, Json]:
    """The new content: blocks stay only if neither text nor blocks are given, metadata if it is not given."""
    keeps = "blocks" not in arguments and "text" not in arguments
    blocks = message.blocks if keeps else _blocks(arguments)
    text = message.text if "text" not in arguments else arguments.maybe("text") or ""
    if not text and not blocks:
        raise ApiError("no_text")
    if "metadata" not in arguments:
        return text, blocks, message.metadata, {}
    metadata, warning = _metadata(arguments)
    return text, blocks, message.metadata if warning else metadata, warning


def delete(context: Context, arguments: Arguments) -> Json:
    channel, message = _own_message(context, arguments, "cant_delete_message")
    context.workspace.delete(message)
    return {"channel": channel.id, "ts": message.ts}


def get_permalink(context: Context, arguments: Arguments) -> Json:
    channel = find_channel(context, arguments.text("channel"))
    message = context.workspace.find_message(channel, arguments.text("message_ts"))
    if message is None or message.ephemeral_to:
        raise ApiError("message_not_found")
    link = f"https://{context.workspace.team_domain}.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.thread_ts:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


METHODS = {
    "chat.postMessage": Method(post_message, "chat:write"),
    "chat.postEphemeral": Method(post_ephemeral, "chat:write"),
    "chat.update": Method(update, "chat:write"),
    "chat.delete": Method(delete, "chat:write"),
    "chat.getPermalink": Method(get_permalink),
}
