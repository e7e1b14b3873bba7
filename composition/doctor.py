"""The doctor: `bot.py check`, and `/record doctor` in Slack."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace

import logs
import settings
from agora.pacing import RequestPacing
from composition.agora import agora_of, revealed, storage_target, tokens_of
from composition.bucket import reading_bucket, writing_bucket
from composition.clock import SystemClock
from composition.configuration import load_settings
from composition.slack import SlackClients, slack_clients
from composition.terminal import has_colors, write
from doctor import checks, report
from doctor.bucket import BucketKeys
from doctor.clock import AGORA, ClockSkew
from doctor.results import CheckResult, failed, first_setting
from doctor.webhook import WebhookProbe
from handlers.commands.doctor import DoctorCommand
from handlers.directory import Identity
from messages.config import DEFAULT_CONTACT
from recordings.ports import Clock
from storage.database import Database

_BUCKET_SECONDS = 4.0
"""For each of the four requests to the bucket."""


def check(*, as_json: bool) -> int:
    """`bot.py check`: makes the tables if there are none, prints every result, and returns the exit code.

    Raises `SettingsError`; as JSON its lines are printed too.
    """
    try:
        # What a library logs as an error is a result here.
        config = load_settings(log_level="CRITICAL")
    except settings.SettingsError as error:
        if as_json:
            write(report.as_json([_wrong_setting(line) for line in error.lines]), sys.stdout)
        raise
    clock, database = SystemClock(), Database(config.database_url.get_secret_value())
    clients, pacing = slack_clients(config), RequestPacing(config.agora_qps, clock)
    installation = installation_of(config, database, pacing, clients, clock, settings.misspelled_names())
    results = run_checks(config, installation, database.migrate)
    text = report.as_json(results) if as_json else report.as_text(results, colored=has_colors(sys.stdout))
    write(text, sys.stdout)
    return report.exit_code(results)


def _wrong_setting(line: str) -> CheckResult:
    return failed("settings", line, setting=first_setting(line))


def doctor_of(
    config: settings.Settings, clients: SlackClients, installation: checks.Installation, identity: Identity
) -> DoctorCommand:
    """`/record doctor`. It makes no tables: the bot that answers has made them."""
    check_tables = installation.database.check_tables
    return DoctorCommand(
        clients.doctor,
        lambda: run_checks(config, installation, check_tables),
        lambda: identity.bot.name,
        config.support_contact or DEFAULT_CONTACT,
        clients.quick,
    )


def run_checks(
    config: settings.Settings, installation: checks.Installation, prepare_tables: Callable[[], None]
) -> list[CheckResult]:
    """Every result, without the settings' secrets: what another service answered may repeat one."""
    redact = logs.Redaction(settings.secret_values(config), patterns=())
    return [replace(result, detail=redact(result.detail)) for result in checks.run_all(installation, prepare_tables)]


def installation_of(
    config: settings.Settings,
    database: Database,
    pacing: RequestPacing,
    clients: SlackClients,
    clock: Clock,
    misspelled: Sequence[str] = (),
) -> checks.Installation:
    """What the doctor checks, built as the bot builds it. `misspelled`: see `settings.misspelled_names`."""
    skew = ClockSkew(clock)
    return checks.Installation(
        database=database,
        max_recorders=config.max_recorders,
        slack=clients.work,
        app_token=revealed(config.slack_app_token),
        agora=agora_of(config, pacing, clock, lambda response: skew.answer(AGORA, response.headers)),
        tokens=tokens_of(config),
        profile=config.agora_channel_profile,
        storage=storage_target(config),
        bucket=BucketKeys(
            writing_bucket(config, clock, _BUCKET_SECONDS),
            reading_bucket(config, clock, _BUCKET_SECONDS),
            config.storage_read_access_key is not None,
        ),
        webhook_probe=WebhookProbe(revealed(config.agora_webhook_secret), config.public_url or "", clock),
        clock_skew=skew,
        clock=clock,
        misspelled=tuple(misspelled),
    )
