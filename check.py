"""`bot.py check`: one line for each thing that must be right before the first recording, with what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from agora.tokens import Tokens, is_usual, read_back
from recordings.errors import AgoraError, DatabaseNewer, StorageUnavailable, Unauthorized
from recordings.ports import Clock, CloudRecorder
from storage.database import Database

PROBE_CHANNEL = "recording-bot-check"
_PROBE_UID = 4_294_967_295
NEEDED_SCOPES = ("commands", "chat:write")
HELPFUL_SCOPES = ("chat:write.public", "channels:read", "groups:read", "im:write")


@dataclass(frozen=True, slots=True)
class Line:
    """What was looked at, whether it is right, and what was found or what to do."""

    what: str
    ok: bool
    found: str

    def __str__(self) -> str:
        return f"{'ok  ' if self.ok else 'FAIL'}  {self.what:<17} {self.found}"


def report_settings(lines: Sequence[str]) -> int:
    """Prints what is wrong with the settings, a line each; nothing else can be looked at then."""
    return report([Line("settings", False, line) for line in lines])


def report(lines: Iterable[Line]) -> int:
    """Prints the lines as they come; 0 where every one is right, else 1."""
    wrong = 0
    for line in lines:
        print(line, flush=True)  # noqa: T201 - this is what a person at a terminal reads
        wrong += not line.ok
    return 1 if wrong else 0


def lines(
    *,
    database: Database,
    slack: WebClient,
    app_token: str,
    agora: CloudRecorder,
    tokens: Tokens,
    storage: str,
    clock: Clock,
) -> list[Line]:
    return [
        Line("settings", True, "all there"),
        _database(database),
        *_slack(slack),
        _socket(slack, app_token),
        token_line(tokens, clock),
        *_agora(agora),
        Line("storage", True, f"{storage}; only a real recording proves that Agora can write there"),
    ]


def _database(database: Database) -> Line:
    try:
        database.migrate()
    except DatabaseNewer as error:
        return Line("database", False, f"{error}.")
    except StorageUnavailable as error:
        return Line("database", False, f"{error}. Check DATABASE_URL, and that its folder or server can be written to.")
    return Line("database", True, "can be written to, and its tables are this version's")


def _slack(slack: WebClient) -> list[Line]:
    answer, error = _asked(slack.auth_test)
    if error:
        todo = "Check SLACK_BOT_TOKEN: it is under OAuth & Permissions, after the app was installed."
        return [Line("slack bot token", False, f"{error}. {todo}")]
    told = _header(answer, "x-oauth-scopes")
    granted = {scope.strip() for scope in told.split(",")}
    return [
        Line("slack bot token", True, f"is {answer['user']} of {answer.get('team', 'the workspace')}"),
        _scopes(granted) if told else Line("slack scopes", True, "Slack does not tell them"),
    ]


def _scopes(granted: set[str]) -> Line:
    missing = [scope for scope in NEEDED_SCOPES if scope not in granted]
    if missing:
        todo = "Add them under OAuth & Permissions, then install the app again."
        return Line("slack scopes", False, f"missing: {', '.join(missing)}. {todo}")
    less = [scope for scope in HELPFUL_SCOPES if scope not in granted]
    return Line("slack scopes", True, f"enough; would help: {', '.join(less)}" if less else "all granted")


def _socket(slack: WebClient, app_token: str) -> Line:
    if not app_token:
        return Line("slack requests", True, "come over HTTP, signed")
    _, error = _asked(lambda: slack.apps_connections_open(app_token=app_token))
    if error:
        todo = "Check SLACK_APP_TOKEN: an app-level token with connections:write; Socket Mode has to be on."
        return Line("slack app token", False, f"{error}. {todo}")
    return Line("slack app token", True, "opens a socket")


def _asked(call: Callable[[], Any]) -> tuple[Any, str]:
    try:
        return call(), ""
    except SlackApiError as error:
        return None, str(error.response.get("error"))
    except (SlackClientError, OSError, HTTPException, ValueError) as error:
        return None, f"Slack does not answer ({type(error).__name__})"


def _header(answer: Any, name: str) -> str:
    for key, value in dict(answer.headers).items():
        if key.lower() == name:
            return ",".join(value) if isinstance(value, list) else str(value)
    return ""


def token_line(tokens: Tokens, clock: Clock) -> Line:
    """Whether a token can be built and read; its found text says so where App ID or certificate look mistyped."""
    doubts = _unusual(tokens)
    token = tokens.build(PROBE_CHANNEL, _PROBE_UID, clock())
    if not token:
        return Line("agora token", True, f"none is sent: AGORA_APP_CERTIFICATE is empty{doubts}")
    contents = read_back(token)
    if doubts:
        return Line("agora token", True, f"is built{doubts}")
    if contents is None or contents.app_id != tokens.app_id:
        return Line("agora token", False, "can't be read back; check AGORA_APP_ID")
    proof = "only a real recording proves the certificate"
    return Line("agora token", True, f"is built, good until {contents.expires_at:%Y-%m-%d %H:%M} UTC; {proof}{doubts}")


def _unusual(tokens: Tokens) -> str:
    given = {"AGORA_APP_ID": tokens.app_id, "AGORA_APP_CERTIFICATE": tokens.certificate}
    unusual = [name for name, value in given.items() if value and not is_usual(value)]
    return "".join(f"; {name} is not 32 hexadecimal digits: look again" for name in unusual)


def _agora(agora: CloudRecorder) -> list[Line]:
    return [
        _agora_call("agora credentials", lambda: agora.users(PROBE_CHANNEL), "are accepted", "the channel list"),
        _agora_call("cloud recording", lambda: agora.acquire(PROBE_CHANNEL, _PROBE_UID), "is enabled", "acquire"),
    ]


def _agora_call(what: str, call: Callable[[], object], good: str, name: str) -> Line:
    try:
        call()
    except Unauthorized as error:
        todo = "Check AGORA_CUSTOMER_ID and AGORA_CUSTOMER_SECRET (RESTful API), AGORA_APP_ID, and that it is enabled."
        return Line(what, False, f"{error} ({name}). {todo}")
    except AgoraError as error:
        todo = "Try again; if it stays, check AGORA_API_URLS and the network." if error.retry else "See its own words."
        return Line(what, False, f"{error} ({name}). {todo}")
    return Line(what, True, good)
