"""The other methods: api, auth, apps, bots, conversations, users, views."""

from __future__ import annotations

from simulator.slack.blocks.checks import view_problems, view_too_large
from simulator.slack.http import Json
from simulator.slack.web_api.app import Context, Method
from simulator.slack.web_api.calls import ApiError, Arguments
from simulator.slack.web_api.methods_chat import find_channel
from simulator.slack.workspace.views import View
from simulator.slack.workspace.workspace import Channel, User


def api_test(context: Context, arguments: Arguments) -> Json:
    del context
    return {"args": arguments.given}


def auth_test(context: Context, arguments: Arguments) -> Json:
    del arguments
    workspace = context.workspace
    return {
        "url": f"https://{workspace.team_domain}.slack.com/",
        "team": workspace.team_domain,
        "user": workspace.bot.name,
        "team_id": workspace.team_id,
        "user_id": workspace.bot.id,
        "bot_id": workspace.bot_id,
        "is_enterprise_install": False,
    }


def connections_open(context: Context, arguments: Arguments) -> Json:
    del arguments
    return {"url": context.open_connection()}


def bots_info(context: Context, arguments: Arguments) -> Json:
    workspace = context.workspace
    if (arguments.maybe("bot") or workspace.bot_id) != workspace.bot_id:
        raise ApiError("bot_not_found")
    bot = {"id": workspace.bot_id, "app_id": workspace.app_id, "user_id": workspace.bot.id, "name": workspace.bot.name}
    return {"bot": {**bot, "deleted": False}}


def _readable(context: Context, ref: str) -> Channel:
    channel = find_channel(context, ref)
    if channel.kind == "im":
        context.require("im:read")
    else:
        context.require("groups:read" if channel.private else "channels:read")
    return channel


def conversations_info(context: Context, arguments: Arguments) -> Json:
    channel = _readable(context, arguments.text("channel"))
    count = arguments.flag("include_num_members")
    return {"channel": channel.as_json(context.workspace.bot.id, count_members=count)}


def conversations_members(context: Context, arguments: Arguments) -> Json:
    channel = _readable(context, arguments.text("channel"))
    return {"members": sorted(channel.members), "response_metadata": {"next_cursor": ""}}


def conversations_open(context: Context, arguments: Arguments) -> Json:
    users = [user for user in str(arguments.value("users") or "").split(",") if user]
    if not users:
        raise ApiError("users_list_not_supplied")
    if len(users) > 1:
        raise ApiError("missing_scope", needed="mpim:write", provided=",".join(context.scopes))
    user = _user(context, users[0])
    if user.deactivated:
        raise ApiError("user_disabled")
    channel = context.workspace.direct(context.workspace.bot, user)
    full = channel.as_json(context.workspace.bot.id) if arguments.flag("return_im") else {"id": channel.id}
    return {"channel": full}


def _user(context: Context, user_id: str) -> User:
    user = context.workspace.users.get(user_id)
    if user is None:
        raise ApiError("user_not_found")
    return user


def users_info(context: Context, arguments: Arguments) -> Json:
    return {"user": _user(context, arguments.text("user")).as_json()}


def _view_argument(arguments: Arguments, kind: str) -> Json:
    view = arguments.value("view")
    problems = view_problems(view)
    if problems:
        raise ApiError("invalid_arguments", response_metadata={"messages": problems})
    if view_too_large(view):
        raise ApiError("view_too_large")
    if view["type"] != kind:
        raise ApiError("invalid_arguments", response_metadata={"messages": [f"[ERROR] must be a {kind} view"]})
    return dict(view)


def _shown(context: Context, view: View) -> Json:
    return {"view": context.views.as_json(view)}


def _triggered(context: Context, arguments: Arguments) -> User:
    user = context.triggers.redeem(arguments.text("trigger_id"))
    if isinstance(user, str):
        raise ApiError(user)
    return user


def views_open(context: Context, arguments: Arguments) -> Json:
    body = _view_argument(arguments, "modal")
    _check_external_id(context, body)
    return _shown(context, context.views.open(_triggered(context, arguments), body))


def views_push(context: Context, arguments: Arguments) -> Json:
    body = _view_argument(arguments, "modal")
    _check_external_id(context, body)
    user = _triggered(context, arguments)
    stack = context.views.stack(user)
    if not stack or len(stack) >= 3:
        raise ApiError("push_limit_reached" if stack else "not_found")
    return _shown(context, context.views.open(user, body, stack[-1]))


def _check_external_id(context: Context, body: Json) -> None:
    if body.get("external_id") and context.views.find(None, body["external_id"]):
        raise ApiError("duplicate_external_id")


def views_update(context: Context, arguments: Arguments) -> Json:
    body = _view_argument(arguments, "modal")
    view = context.views.find(arguments.maybe("view_id"), arguments.maybe("external_id"))
    if view is None:
        raise ApiError("not_found")
    if arguments.maybe("hash") not in (None, view.hash):
        raise ApiError("hash_conflict")
    context.views.replace(view, body)
    return _shown(context, view)


def views_publish(context: Context, arguments: Arguments) -> Json:
    body = _view_argument(arguments, "home")
    user = _user(context, arguments.text("user_id"))
    home = context.views.home(user)
    if home and arguments.maybe("hash") not in (None, home.hash):
        raise ApiError("hash_conflict")
    return _shown(context, context.views.publish(user, body))


METHODS = {
    "api.test": Method(api_test),
    "auth.test": Method(auth_test),
    "apps.connections.open": Method(connections_open, app_level=True),
    "bots.info": Method(bots_info, "users:read"),
    "conversations.info": Method(conversations_info),
    "conversations.members": Method(conversations_members),
    "conversations.open": Method(conversations_open, "im:write"),
    "users.info": Method(users_info, "users:read"),
    "views.open": Method(views_open),
    "views.push": Method(views_push),
    "views.update": Method(views_update),
    "views.publish": Method(views_publish),
}
