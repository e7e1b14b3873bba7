"""Agora: which of the credentials is wrong, whether it records for this App ID, and whether a token can be built."""

from __future__ import annotations

from collections.abc import Callable

from agora.tokens import Tokens, has_agora_format, read_back
from doctor.results import CheckResult, not_looked_at, note, right, wrong
from recordings.errors import (
    AccountInactive,
    AgoraError,
    AgoraSilent,
    NotRouted,
    NotSent,
    Overloaded,
    RateLimited,
    Unauthorized,
)
from recordings.ports import Clock, CloudRecorder

CREDENTIALS, APP_ID, RECORDING, TOKEN = "agora credentials", "agora app id", "cloud recording", "agora token"
NETWORK = "Check the network and AGORA_API_URLS; if both are right, see Agora's status page."
PROBE_CHANNEL = "recording-bot-check"
_PROBE_UID = 4_294_967_295
_SECONDS = 4.0
"""For an answer. Each of two calls may be sent a second time, to the other base."""

Ask = Callable[[], object]


def agora_lines(agora: CloudRecorder) -> list[CheckResult]:
    """Who is in a channel that nobody uses, which Agora tells whoever has the right credentials; then an acquire."""
    error = _refusal(lambda: agora.users(PROBE_CHANNEL, timeout=_SECONDS))
    if error is None:
        known = right(APP_ID, "is a project of this account")
        return [right(CREDENTIALS, "are accepted"), known, _recording_line(agora)]
    if isinstance(error, Unauthorized) and error.http_status != 401:
        todo = "Check AGORA_APP_ID: it has to be a project of the account that AGORA_CUSTOMER_ID belongs to."
        unknown = wrong(APP_ID, f"{error}. {todo}")
        return [right(CREDENTIALS, "are accepted"), unknown, not_looked_at(RECORDING, APP_ID)]
    faulty = wrong(CREDENTIALS, f"{error}. {_todo(error)}")
    return [faulty, not_looked_at(APP_ID, CREDENTIALS), not_looked_at(RECORDING, CREDENTIALS)]


def _recording_line(agora: CloudRecorder) -> CheckResult:
    error = _refusal(lambda: agora.acquire(PROBE_CHANNEL, _PROBE_UID, timeout=_SECONDS))
    if error is None:
        return right(RECORDING, "is enabled")
    if isinstance(error, Unauthorized):
        todo = "Enable Cloud Recording for the project of AGORA_APP_ID, in Agora's console."
        return wrong(RECORDING, f"{error}. {todo}")
    return wrong(RECORDING, f"{error}. {_todo(error)}")


def _refusal(ask: Ask) -> AgoraError | None:
    """None where it was a success. What did not reach the first base is asked of the next one."""
    error = _tried(ask)
    return _tried(ask) if isinstance(error, NotSent) else error


def _tried(ask: Ask) -> AgoraError | None:
    try:
        ask()
    except AgoraError as error:
        return error
    return None


def _todo(error: AgoraError) -> str:
    match error:
        case Unauthorized():
            return "Check AGORA_CUSTOMER_ID and AGORA_CUSTOMER_SECRET: key and secret of the RESTful API."
        case AccountInactive():
            return "The Agora account is inactive or unpaid: its console, under Billing, says which."
        case Overloaded():
            return "AGORA_APP_ID has as many recorders as Agora allows: stop what is not needed, or ask Agora for more."
        case RateLimited():
            return "Try again; if it stays, something else uses AGORA_APP_ID: lower AGORA_QPS."
        case NotRouted():
            return "Check AGORA_API_URLS: it is not Agora that answers there."
        case AgoraSilent():
            return NETWORK
    return "See its own words."


def token_line(tokens: Tokens, clock: Clock) -> CheckResult:
    """Whether a token can be built and read; its found text says so where App ID or certificate look mistyped."""
    doubts = _unusual(tokens)
    token = tokens.build(PROBE_CHANNEL, _PROBE_UID, clock.now())
    if not token:
        return _doubted(f"none is sent: AGORA_APP_CERTIFICATE is empty{doubts}", doubts)
    contents = read_back(token)
    if doubts:
        return _doubted(f"is built{doubts}", doubts)
    if contents is None or contents.app_id != tokens.app_id:
        return wrong(TOKEN, "can't be read back; check AGORA_APP_ID")
    proof = "only a real recording proves the certificate"
    return right(TOKEN, f"is built, good until {contents.expires_at:%Y-%m-%d %H:%M} UTC; {proof}")


def _doubted(found: str, doubts: str) -> CheckResult:
    return note(TOKEN, found) if doubts else right(TOKEN, found)


def _unusual(tokens: Tokens) -> str:
    given = {"AGORA_APP_ID": tokens.app_id, "AGORA_APP_CERTIFICATE": tokens.certificate}
    unusual = [name for name, value in given.items() if value and not has_agora_format(value)]
    return "".join(f"; {name} is not 32 hexadecimal digits: look again" for name in unusual)
