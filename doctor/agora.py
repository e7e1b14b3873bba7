"""Agora: the credentials, the App ID, whether Cloud Recording is enabled for it, and whether a token can be built."""

from __future__ import annotations

from collections.abc import Callable

from agora.tokens import Tokens, has_agora_format, read_back
from doctor.results import CheckResult, failed, note, passed, skipped
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
"""For one answer. Each of the two calls may be sent again, to the next base URL."""

Ask = Callable[[], object]


def check_agora(agora: CloudRecorder) -> list[CheckResult]:
    """Lists the users of an unused channel, which needs only the right credentials; then acquires a resource there."""
    error = _refusal(lambda: agora.users(PROBE_CHANNEL, timeout=_SECONDS))
    if error is None:
        project = passed(APP_ID, "is a project of this account")
        return [passed(CREDENTIALS, "are accepted"), project, _check_recording(agora)]
    if isinstance(error, Unauthorized) and error.http_status != 401:
        todo = "Check AGORA_APP_ID: it has to be a project of the account that AGORA_CUSTOMER_ID belongs to."
        unknown = failed(APP_ID, f"{error}. {todo}")
        return [passed(CREDENTIALS, "are accepted"), unknown, skipped(RECORDING, APP_ID)]
    faulty = failed(CREDENTIALS, f"{error}. {_todo(error)}")
    return [faulty, skipped(APP_ID, CREDENTIALS), skipped(RECORDING, CREDENTIALS)]


def _check_recording(agora: CloudRecorder) -> CheckResult:
    error = _refusal(lambda: agora.acquire(PROBE_CHANNEL, _PROBE_UID, timeout=_SECONDS))
    if error is None:
        return passed(RECORDING, "is enabled")
    if isinstance(error, Unauthorized):
        todo = "Enable Cloud Recording for the project of AGORA_APP_ID, in Agora's console."
        return failed(RECORDING, f"{error}. {todo}")
    return failed(RECORDING, f"{error}. {_todo(error)}")


def _refusal(ask: Ask) -> AgoraError | None:
    """Agora's error, or None. A call that reached no server is made again: the client then uses the next base URL."""
    error = _error_of(ask)
    return _error_of(ask) if isinstance(error, NotSent) else error


def _error_of(ask: Ask) -> AgoraError | None:
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


def check_token(tokens: Tokens, clock: Clock) -> CheckResult:
    """Whether a token can be built and read back; a note if App ID or certificate look mistyped."""
    doubts = _unusual(tokens)
    token = tokens.build(PROBE_CHANNEL, _PROBE_UID, clock.now())
    if not token:
        return _noted_if(doubts, f"none is sent: AGORA_APP_CERTIFICATE is empty{doubts}")
    contents = read_back(token)
    if doubts:
        return _noted_if(doubts, f"is built{doubts}")
    if contents is None or contents.app_id != tokens.app_id:
        return failed(TOKEN, "can't be read back; check AGORA_APP_ID")
    proof = "only a real recording proves the certificate"
    return passed(TOKEN, f"is built, good until {contents.expires_at:%Y-%m-%d %H:%M} UTC; {proof}")


def _noted_if(doubts: str, detail: str) -> CheckResult:
    return note(TOKEN, detail) if doubts else passed(TOKEN, detail)


def _unusual(tokens: Tokens) -> str:
    given = {"AGORA_APP_ID": tokens.app_id, "AGORA_APP_CERTIFICATE": tokens.certificate}
    unusual = [name for name, value in given.items() if value and not has_agora_format(value)]
    return "".join(f"; {name} is not 32 hexadecimal digits: look again" for name in unusual)
