"""Which looks there are, and the order of their lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TypeVar

from slack_sdk import WebClient

from agora.payloads import StorageTarget
from agora.tokens import Tokens
from doctor import agora as agora_look
from doctor import bucket as bucket_look
from doctor import database as database_look
from doctor import slack as slack_look
from doctor import webhook as webhook_look
from doctor.bucket import Keys
from doctor.clock import Heard, clock_line
from doctor.results import Line, not_looked_at, note, right, wrong
from recordings.ports import Clock, CloudRecorder
from storage.database import Database

SECONDS = 15.0
"""For all of it, whatever hangs."""


@dataclass(frozen=True, slots=True)
class Parts:
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
    door: webhook_look.Door
    heard: Heard
    clock: Clock


@dataclass(frozen=True, slots=True)
class _Look:
    """`names` of its lines and `todo` are told where it does not come to an end."""

    run: Callable[[], list[Line]]
    names: tuple[str, ...]
    todo: str

    def lines(self, found: list[Line] | None, seconds: float) -> list[Line]:
        if found is not None:
            return found
        first, *rest = self.names
        return [
            wrong(first, f"no end after {seconds:g} s. {self.todo}"),
            *(not_looked_at(each, first) for each in rest),
        ]


def lines(parts: Parts, tables: Callable[[], None], seconds: float = SECONDS) -> list[Line]:
    """Everything that must be right. `tables` looks after the database's tables, or makes them."""
    parts.heard.forget()
    looks = _looks(parts, tables)
    ended = together([look.run for look in looks], seconds)
    told = [look.lines(found, seconds) for look, found in zip(looks, ended, strict=True)]
    database, slack, agora, bucket, webhook = told
    return [
        right("settings", "all there"),
        database[0],
        clock_line(parts.heard.ahead()),
        *slack,
        *agora,
        agora_look.token_line(parts.tokens, parts.clock),
        *webhook,
        *database[1:],
        bucket_look.storage_line(parts.storage),
        *bucket,
        note(
            "still to prove",
            "by a real recording alone: that Agora itself reaches the bucket, that AGORA_APP_CERTIFICATE is right, and"
            f" that calls use the profile {parts.profile} (AGORA_CHANNEL_PROFILE)",
        ),
    ]


def _looks(parts: Parts, tables: Callable[[], None]) -> list[_Look]:
    return [
        _Look(
            lambda: database_look.database_lines(parts.database, tables, parts.max_recorders),
            (database_look.DATABASE, database_look.RECORDERS),
            database_look.NEXT_STEP,
        ),
        _Look(
            lambda: slack_look.slack_lines(parts.slack, parts.app_token, parts.heard),
            (slack_look.BOT_TOKEN, slack_look.SCOPES, slack_look.APP_TOKEN if parts.app_token else slack_look.REQUESTS),
            slack_look.NETWORK,
        ),
        _Look(
            lambda: agora_look.agora_lines(parts.agora),
            (agora_look.CREDENTIALS, agora_look.APP_ID, agora_look.RECORDING),
            agora_look.NETWORK,
        ),
        _Look(
            lambda: bucket_look.bucket_lines(parts.bucket),
            (bucket_look.WRITE, bucket_look.LIST, bucket_look.READ, bucket_look.DELETE),
            bucket_look.NETWORK,
        ),
        _Look(lambda: webhook_look.webhook_lines(parts.door), (webhook_look.WEBHOOK,), webhook_look.NEXT_STEP),
    ]


_T = TypeVar("_T")


def together(calls: Sequence[Callable[[], _T]], seconds: float) -> list[_T | None]:
    """What each call returns, in their order; None where it takes longer. What one of them raises is raised here.

    A call that is late goes on in its thread: looking up a host's name, for one, can't be interrupted.
    """
    pool = ThreadPoolExecutor(len(calls), "check")
    futures = [pool.submit(call) for call in calls]
    wait(futures, timeout=seconds)
    pool.shutdown(wait=False)
    return [future.result() if future.done() else None for future in futures]
