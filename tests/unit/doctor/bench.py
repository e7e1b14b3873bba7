"""An installation in which everything is right; tests break one thing of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from agora.payloads import StorageTarget
from agora.tokens import Tokens
from agora.webhook_probe import WebhookResponse
from doctor import checks
from doctor.bucket import BucketKeys
from doctor.clock import AGORA, ClockSkew
from doctor.results import CheckResult, Status
from doctor.slack import HELPFUL_SCOPES, NEEDED_SCOPES
from doctor.webhook import WebhookProbe
from recordings.model.reported import ChannelUsers
from storage.database import Database
from tests.fakes.agora import FakeAgora
from tests.fakes.bucket import FakeBucket
from tests.fakes.rows import FunctionClock

NOW = datetime(2026, 6, 17, 11, 42, tzinfo=UTC)
APP_ID = "0123456789abcdef0123456789abcdef"
CERTIFICATE = "fedcba9876543210fedcba9876543210"
ALL_SCOPES = (*NEEDED_SCOPES, *HELPFUL_SCOPES)
WEBHOOK_SECRET = "webhook-secret"
TIMEOUT = 250.0
"""For all checks, however busy the machine is; none of them waits."""
SECRETS = ("xoxb-secret", "xapp-secret", CERTIFICATE, "storage-secret", WEBHOOK_SECRET)


class FakeAnswer(dict[str, Any]):
    headers: dict[str, Any]


class FakeSlack(WebClient):
    """Accepts both tokens, and grants these scopes."""

    def __init__(self, scopes: tuple[str, ...] = ALL_SCOPES) -> None:
        super().__init__(token="xoxb-secret")
        self.headers: dict[str, Any] = {"X-OAuth-Scopes": ",".join(scopes), "Date": format_datetime(NOW)}
        self.bot_error: Exception | None = None
        self.app_error: Exception | None = None

    def auth_test(self, **_: Any) -> Any:
        if self.bot_error is not None:
            raise self.bot_error
        answer = FakeAnswer(user="recorder", team="Acme")
        answer.headers = self.headers
        return answer

    def apps_connections_open(self, *, app_token: str, **_: Any) -> Any:
        if self.app_error is not None:
            raise self.app_error
        return FakeAnswer(url="wss://slack.example/link")


class DatedAgora(FakeAgora):
    """Its answers have a `Date` header, like those of the real one."""

    def __init__(self, clock_skew: ClockSkew) -> None:
        super().__init__()
        self.clock_skew = clock_skew
        self.date: str | None = format_datetime(NOW)

    def users(self, channel: str, timeout: float | None = None) -> ChannelUsers:
        if self.date is not None:
            self.clock_skew.answer(AGORA, {"Date": self.date})
        return super().users(channel, timeout)


def refused(error: str, headers: dict[str, Any] | None = None) -> Exception:
    answer = FakeAnswer(ok=False, error=error)
    answer.headers = headers or {}
    return SlackApiError("no", answer)  # type: ignore[no-untyped-call]


def accepted(public_url: str, secret: str, now: datetime) -> WebhookResponse:
    """The answer of a bot that accepts the test notification."""
    return WebhookResponse(200, True)


@dataclass
class Bench:
    url: str
    clock_skew: ClockSkew = field(default_factory=lambda: ClockSkew(FunctionClock()))
    slack: FakeSlack = field(default_factory=FakeSlack)
    bucket: FakeBucket = field(default_factory=FakeBucket)
    reader: FakeBucket | None = None
    app_token: str = "xapp-secret"
    app_id: str = APP_ID
    certificate: str = CERTIFICATE
    misspelled: tuple[str, ...] = ()
    max_recorders: int = 50
    migrate: bool = True
    webhook_probe: WebhookProbe = field(
        default_factory=lambda: WebhookProbe(WEBHOOK_SECRET, "https://bot.example", FunctionClock(), accepted)
    )
    storage: StorageTarget = field(default_factory=lambda: StorageTarget(1, 1, "calls", "key", "storage-secret"))

    def __post_init__(self) -> None:
        self.agora = DatedAgora(self.clock_skew)

    def results(self, seconds: float = TIMEOUT) -> dict[str, CheckResult]:
        """Every result by its check. Asserts what holds for all of them: a short name, one line, no secret."""
        database = Database(self.url)
        prepare_tables = database.migrate if self.migrate else database.check_tables
        results = checks.run_all(self._installation(database), prepare_tables, seconds)
        database.close()
        assert len({result.check for result in results}) == len(results), "one result for each check"
        for result in results:
            assert "\n" not in result.detail
            assert len(result.check) <= 17
            assert not any(secret in result.detail for secret in SECRETS)
            assert ".." not in result.detail.replace("...", ""), "a doubled full stop"
        return {result.check: result for result in results}

    def failures(self) -> dict[str, str]:
        return {check: result.detail for check, result in self.results().items() if not result.ok}

    def notes(self) -> dict[str, str]:
        """The notes but for the one that is always there."""
        notes = self._with_status(Status.NOTE)
        del notes["still to prove"]
        return notes

    def skipped(self) -> list[str]:
        return list(self._with_status(Status.SKIP))

    def _with_status(self, status: Status) -> dict[str, str]:
        return {check: result.detail for check, result in self.results().items() if result.status is status}

    def _installation(self, database: Database) -> checks.Installation:
        return checks.Installation(
            database=database,
            max_recorders=self.max_recorders,
            slack=self.slack,
            app_token=self.app_token,
            agora=self.agora,
            tokens=Tokens(self.app_id, self.certificate),
            profile="communication",
            storage=self.storage,
            bucket=BucketKeys(self.bucket, self.reader or self.bucket, self.reader is not None),
            webhook_probe=self.webhook_probe,
            clock_skew=self.clock_skew,
            clock=FunctionClock(),
            misspelled=self.misspelled,
        )


def bench_in(folder: Path) -> Bench:
    return Bench(f"sqlite:///{folder / 'recordings.db'}")
