"""Agora: the credentials, the App ID, whether Cloud Recording is enabled for it, and whether a token can be built."""

from __future__ import annotations

from collections.abc import Callable

from agora.tokens import Tokens, has_agora_format, read_back
from doctor.results import CheckResult, failed, passed, skipped
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
NETWORK = "Check the network and AGORA_API_URLS. If both are right, see Agora's status page."
PROBE_CHANNEL = "recording-bot-check"
_PROBE_UID = 4_294_967_295
_SECONDS = 4.0
"""For one answer. Each of the two calls may be sent again, to the next base URL."""

Ask = Callable[[], object]


def check_agora(agora: CloudRecorder, app_id: str) -> list[CheckResult]:
    """Lists the users of an unused channel, which needs only the right credentials; then acquires a resource there."""
    error = _refusal(lambda: agora.users(PROBE_CHANNEL, timeout=_SECONDS))
    if error is not None and not _is_about_the_app_id(error):
        faulty = failed(CREDENTIALS, str(error), _next_step(error))
        return [faulty, skipped(APP_ID, CREDENTIALS), skipped(RECORDING, CREDENTIALS)]
    accepted, wrong_app_id = passed(CREDENTIALS, "are accepted"), _check_app_id(app_id, error)
    if wrong_app_id is not None:
        return [accepted, wrong_app_id, skipped(RECORDING, APP_ID)]
    return [accepted, passed(APP_ID, "is a project of this account"), _check_recording(agora)]


def _is_about_the_app_id(error: AgoraError) -> bool:
    return isinstance(error, Unauthorized) and error.http_status != 401


def _check_app_id(app_id: str, error: AgoraError | None) -> CheckResult | None:
    if not has_agora_format(app_id):
        return failed(APP_ID, *_misshapen("AGORA_APP_ID", app_id, "an App ID", "App ID"))
    if error is None:
        return None
    account = "AGORA_CUSTOMER_ID"
    return failed(APP_ID, str(error), f"Check AGORA_APP_ID: it has to be a project of the account of {account}.")


def _check_recording(agora: CloudRecorder) -> CheckResult:
    error = _refusal(lambda: agora.acquire(PROBE_CHANNEL, _PROBE_UID, timeout=_SECONDS))
    if error is None:
        return passed(RECORDING, "is enabled")
    if isinstance(error, Unauthorized):
        return failed(RECORDING, str(error), "Enable Cloud Recording for the project of AGORA_APP_ID in Agora Console.")
    return failed(RECORDING, str(error), _next_step(error))


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


def _next_step(error: AgoraError) -> str:
    match error:
        case Unauthorized():
            return "Check AGORA_CUSTOMER_ID and AGORA_CUSTOMER_SECRET: Agora Console, Developer Toolkit, RESTful API."
        case AccountInactive():
            return "The Agora account is inactive or unpaid: see Billing in Agora Console."
        case Overloaded():
            return (
                "AGORA_APP_ID is at Agora's limit of recorders: stop some recordings, or ask Agora for a higher limit."
            )
        case RateLimited():
            return "Try again. If this stays, another program uses AGORA_APP_ID: lower AGORA_QPS."
        case NotRouted():
            return "Check AGORA_API_URLS: the answer doesn't come from Agora."
        case AgoraSilent():
            return NETWORK
    return "Look these words up in Agora's documentation."


def check_token(tokens: Tokens, clock: Clock) -> CheckResult:
    """Whether App ID and certificate have Agora's format, and a token can be built and read back."""
    if not has_agora_format(tokens.app_id):
        return skipped(TOKEN, APP_ID)
    if not tokens.certificate:
        return passed(TOKEN, "none is sent: AGORA_APP_CERTIFICATE is empty")
    if not has_agora_format(tokens.certificate):
        certificate = ("AGORA_APP_CERTIFICATE", tokens.certificate, "a certificate", "Primary certificate")
        return failed(TOKEN, *_misshapen(*certificate))
    contents = read_back(tokens.build(PROBE_CHANNEL, _PROBE_UID, clock.now()))
    if contents is None or contents.app_id != tokens.app_id:
        return failed(TOKEN, "can't be read back", "Check AGORA_APP_ID.")
    proof = "only a real recording proves the certificate"
    return passed(TOKEN, f"is built, valid until {contents.expires_at:%Y-%m-%d %H:%M} UTC; {proof}")


def _misshapen(setting: str, value: str, kind: str, label: str) -> tuple[str, str, str]:
    """Problem, next step and setting; the value itself may be a secret."""
    found = f"{len(value)} characters" if len(value) != 32 else "characters that are no hexadecimal digits"
    where = f"Agora Console, Projects, the pencil beside the project, {label}"
    return f"{setting} has {found}; {kind} has 32 hexadecimal digits", f"Copy it again: {where}.", setting
