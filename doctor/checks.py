"""Which looks there are, and the order of their lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from slack_sdk import WebClient

from agora.payloads import StorageTarget
from agora.tokens import Tokens
from doctor import agora as agora_look
from doctor import bucket as bucket_look
from doctor import database as database_look
from doctor import slack as slack_look
from doctor import webhook as webhook_look
from doctor.bucket import Keys
from doctor.clock import ClockSkew, clock_line
from doctor.results import CheckResult, not_looked_at, note, right, run_together, wrong
from recordings.ports import Clock, CloudRecorder
from storage.database import Database

SECONDS = 15.0
"""For all of it, whatever hangs."""


@dataclass(frozen=True, slots=True)
class Installation:
    """What is looked at."""

    database: Database
    max_recorders: int
    slack: WebClient
    app_token: str
    agora: CloudRecorder
    tokens: Tokens
    profile: str
    storage: StorageTarget
    bucket: Keys
    webhook_probe: webhook_look.WebhookProbe
    clock_skew: ClockSkew
    clock: Clock


@dataclass(frozen=True, slots=True)
class _Look:
    """`names` of its lines and `todo` are told where it does not come to an end."""

    run: Callable[[], list[CheckResult]]
    names: tuple[str, ...]
    todo: str

    def lines(self, found: list[CheckResult] | None, seconds: float) -> list[CheckResult]:
        if found is not None:
            return found
        first, *rest = self.names
        return [
            wrong(first, f"no end after {seconds:g} s. {self.todo}"),
            *(not_looked_at(each, first) for each in rest),
        ]


def lines(installation: Installation, tables: Callable[[], None], seconds: float = SECONDS) -> list[CheckResult]:
    """Everything that must be right. `tables` looks after the database's tables, or makes them."""
    installation.clock_skew.forget()
    looks = _looks(installation, tables)
    ended = run_together([look.run for look in looks], seconds)
    told = [look.lines(found, seconds) for look, found in zip(looks, ended, strict=True)]
    database, slack, agora, bucket, webhook = told
    return [
        right("settings", "all there"),
        database[0],
        clock_line(installation.clock_skew.ahead()),
        *slack,
        *agora,
        agora_look.token_line(installation.tokens, installation.clock),
        *webhook,
        *database[1:],
        bucket_look.storage_line(installation.storage),
        *bucket,
        note(
            "still to prove",
            "by a real recording alone: that Agora itself reaches the bucket, that AGORA_APP_CERTIFICATE is right, and"
            f" that calls use the profile {installation.profile} (AGORA_CHANNEL_PROFILE)",
        ),
    ]


def _looks(installation: Installation, tables: Callable[[], None]) -> list[_Look]:
    return [
        _Look(
            lambda: database_look.database_lines(installation.database, tables, installation.max_recorders),
            (database_look.DATABASE, database_look.RECORDERS),
            database_look.NEXT_STEP,
        ),
        _Look(
            lambda: slack_look.slack_lines(installation.slack, installation.app_token, installation.clock_skew),
            (
                slack_look.BOT_TOKEN,
                slack_look.SCOPES,
                slack_look.APP_TOKEN if installation.app_token else slack_look.REQUESTS,
            ),
            slack_look.NETWORK,
        ),
        _Look(
            lambda: agora_look.agora_lines(installation.agora),
            (agora_look.CREDENTIALS, agora_look.APP_ID, agora_look.RECORDING),
            agora_look.NETWORK,
        ),
        _Look(
            lambda: bucket_look.bucket_lines(installation.bucket),
            (bucket_look.WRITE, bucket_look.LIST, bucket_look.READ, bucket_look.DELETE),
            bucket_look.NETWORK,
        ),
        _Look(
            lambda: webhook_look.webhook_lines(installation.webhook_probe),
            (webhook_look.WEBHOOK,),
            webhook_look.NEXT_STEP,
        ),
    ]
