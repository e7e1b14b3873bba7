"""Everything that is looked at, as it should be; tests break one thing of it."""

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
from doctor.bucket import Keys
from doctor.clock import AGORA, ClockSkew
from doctor.results import CheckResult
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
SECRETS = ("xoxb-secret", "xapp-secret", CERTIFICATE, "storage-secret", WEBHOOK_SECRET)


class FakeAnswer(dict[str, Any]):
    headers: dict[str, Any]


class FakeSlack(WebClient):
    """Knows the bot, and what was granted to it."""

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
    """Its answers have a `Date`, as those of the real one."""

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


def taken(public_url: str, secret: str, now: datetime) -> WebhookResponse:
    """A bot that takes the test notification."""
    return WebhookResponse(200, True)


@dataclass
class Desk:
    url: str
    clock_skew: ClockSkew = field(default_factory=lambda: ClockSkew(FunctionClock()))
    slack: FakeSlack = field(default_factory=FakeSlack)
    bucket: FakeBucket = field(default_factory=FakeBucket)
    reader: FakeBucket | None = None
    app_token: str = "xapp-secret"
    max_recorders: int = 50
    migrate: bool = True
    webhook_probe: WebhookProbe = field(
        default_factory=lambda: WebhookProbe(WEBHOOK_SECRET, "https://bot.example", FunctionClock(), taken)
    )
    storage: StorageTarget = field(default_factory=lambda: StorageTarget(1, 1, "calls", "key", "storage-secret"))

    def __post_init__(self) -> None:
        self.agora = DatedAgora(self.clock_skew)

    def lines(self, seconds: float = checks.SECONDS) -> dict[str, CheckResult]:
        database = Database(self.url)
        tables = database.migrate if self.migrate else database.check_tables
        found = checks.lines(self._parts(database), tables, seconds)
        database.close()
        assert len({line.check for line in found}) == len(found), "a line for each thing"
        for line in found:
            assert "\n" not in str(line)
            assert len(line.check) <= 17
            assert not any(secret in str(line) for secret in SECRETS)
        return {line.check: line for line in found}

    def wrong(self) -> dict[str, str]:
        return {what: line.detail for what, line in self.lines().items() if not line.ok}

    def notes(self) -> dict[str, str]:
        """What is no fault and worth reading; one line always is."""
        return {what: line.detail for what, line in self.lines().items() if line.note and what != "still to prove"}

    def _parts(self, database: Database) -> checks.Installation:
        return checks.Installation(
            database=database,
            max_recorders=self.max_recorders,
            slack=self.slack,
            app_token=self.app_token,
            agora=self.agora,
            tokens=Tokens(APP_ID, CERTIFICATE),
            profile="communication",
            storage=self.storage,
            bucket=Keys(self.bucket, self.reader or self.bucket, self.reader is not None),
            webhook_probe=self.webhook_probe,
            clock_skew=self.clock_skew,
            clock=FunctionClock(),
        )


def desk_in(folder: Path) -> Desk:
    return Desk(f"sqlite:///{folder / 'recordings.db'}")
