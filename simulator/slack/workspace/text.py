"""The text of a command as Slack passes it on (`should_escape`)."""

from __future__ import annotations

import re

from simulator.slack.workspace.workspace import User, Workspace

_MENTION = re.compile(r"(?<![\w@#])([@#])([\w.-]*\w)")
_LINK = re.compile(r"https?://[^\s<>|]+")
_SPECIAL = {"here", "channel", "everyone"}


def entities(text: str) -> str:
    """`&`, `<` and `>` as entities."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def escape(text: str, workspace: Workspace, typist: User) -> str:
    """Mentions of people and channels that the typist can see become `<@U…|name>` and `<#C…|name>`, links `<http…>`."""

    def mention(match: re.Match[str]) -> str:
        return _mention(match[1], match[2], workspace, typist) or match[0]

    return _LINK.sub(r"<\g<0>>", _MENTION.sub(mention, entities(text)))


def _mention(sign: str, name: str, workspace: Workspace, typist: User) -> str | None:
    if sign == "@" and name in _SPECIAL:
        return f"<!{name}>"
    if sign == "@":
        return next((f"<@{user.id}|{user.name}>" for user in workspace.users.values() if user.name == name), None)
    for channel in workspace.channels.values():
        if channel.name == name and (not channel.private or typist.id in channel.members):
            return f"<#{channel.id}|{channel.name}>"
    return None
