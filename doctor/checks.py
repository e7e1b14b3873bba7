"""The list of checks, and the order of their results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from slack_sdk import WebClient

from agora.payloads import StorageTarget
from agora.tokens import Tokens
from doctor import agora, bucket, database, slack, webhook
from doctor.bucket import BucketKeys
from doctor.clock import ClockSkew, check_clock
from doctor.results import CheckResult, failed, note, passed, run_together, skipped
from recordings.ports import Clock, CloudRecorder
from storage.database import Database

SECONDS = 15.0
"""For all checks together, whatever hangs."""


@dataclass(frozen=True, slots=True)
class Installation:
    """The parts of one installation that the doctor checks, as the bot uses them."""

    database: Database
    max_recorders: int
    slack: WebClient
    app_token: str
    """Empty if Slack comes over HTTP."""
    agora: CloudRecorder
    tokens: Tokens
    profile: str
    storage: StorageTarget
    bucket: BucketKeys
    webhook_probe: webhook.WebhookProbe
    clock_skew: ClockSkew
    clock: Clock
    misspelled: tuple[str, ...] = ()
    """A line for each name in `.env` that is almost a setting."""


@dataclass(frozen=True, slots=True)
class _Check:
    """Checks one subject. `names` of its results and `next_step` are shown if it does not end in time."""

    run: Callable[[], list[CheckResult]]
    names: tuple[str, ...]
    next_step: str

    def results(self, results: list[CheckResult] | None, seconds: float) -> list[CheckResult]:
        """`results` is None if the check did not end within this time."""
        if results is not None:
            return results
        first, *rest = self.names
        late = failed(first, f"no result after {seconds:g} s", self.next_step)
        return [late, *(skipped(name, first) for name in rest)]


def run_all(
    installation: Installation, prepare_tables: Callable[[], None], seconds: float = SECONDS
) -> list[CheckResult]:
    """Runs every check. `prepare_tables` makes the database's tables, or checks that they are there."""
    installation.clock_skew.forget()
    checks = _checks(installation, prepare_tables)
    ended = run_together([check.run for check in checks], seconds)
    by_subject = [check.results(results, seconds) for check, results in zip(checks, ended, strict=True)]
    of_database, of_slack, of_agora, of_bucket, of_webhook = by_subject
    return [
        _check_settings(installation.misspelled),
        of_database[0],
        check_clock(installation.clock_skew.ahead()),
        *of_slack,
        *of_agora,
        agora.check_token(installation.tokens, installation.clock),
        *of_webhook,
        *of_database[1:],
        bucket.describe_storage(installation.storage),
        *of_bucket,
        note(
            "still to prove",
            "by a real recording: that Agora reaches the bucket, that AGORA_APP_CERTIFICATE is right, and that calls"
            f" use the profile {installation.profile} (AGORA_CHANNEL_PROFILE)",
        ),
    ]


def _check_settings(misspelled: tuple[str, ...]) -> CheckResult:
    if not misspelled:
        return passed("settings", "all there")
    return note("settings", " ".join(misspelled), setting=misspelled[0].split()[0])


def _checks(installation: Installation, prepare_tables: Callable[[], None]) -> list[_Check]:
    slack_connection = slack.APP_TOKEN if installation.app_token else slack.REQUESTS
    return [
        _Check(
            lambda: database.check_database(installation.database, prepare_tables, installation.max_recorders),
            (database.DATABASE, database.RECORDERS),
            database.NEXT_STEP,
        ),
        _Check(
            lambda: slack.check_slack(installation.slack, installation.app_token, installation.clock_skew),
            (slack.BOT_TOKEN, slack.SCOPES, slack_connection),
            slack.NETWORK,
        ),
        _Check(
            lambda: agora.check_agora(installation.agora, installation.tokens.app_id),
            (agora.CREDENTIALS, agora.APP_ID, agora.RECORDING),
            agora.NETWORK,
        ),
        _Check(
            lambda: bucket.check_bucket(installation.bucket),
            (bucket.WRITE, bucket.LIST, bucket.READ, bucket.DELETE),
            bucket.NETWORK,
        ),
        _Check(
            lambda: webhook.check_webhook(installation.webhook_probe),
            (webhook.WEBHOOK,),
            webhook.NEXT_STEP,
        ),
    ]
