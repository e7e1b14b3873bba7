"""The doctor: `bot.py check`, and `/record doctor` in Slack."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import logs
import settings
from agora.pacing import RequestPacing
from composition.agora import agora_of, revealed, storage_target, tokens_of
from composition.bucket import reading_bucket, writing_bucket
from composition.slack import SlackClients
from doctor import checks
from doctor.bucket import Keys
from doctor.clock import AGORA, ClockSkew
from doctor.results import CheckResult
from doctor.webhook import WebhookProbe
from handlers.commands.doctor import DoctorCommand
from handlers.directory import Identity
from recordings.ports import Clock
from storage.database import Database

_BUCKET_SECONDS = 4.0
"""For each of the four requests to the bucket."""


def installation_of(
    config: settings.Settings, database: Database, pacing: RequestPacing, clients: SlackClients, clock: Clock
) -> checks.Installation:
    """What has to be right before the first recording."""
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
        bucket=Keys(
            writing_bucket(config, clock, _BUCKET_SECONDS),
            reading_bucket(config, clock, _BUCKET_SECONDS),
            config.storage_read_access_key is not None,
        ),
        webhook_probe=WebhookProbe(revealed(config.agora_webhook_secret), config.public_url or "", clock),
        clock_skew=skew,
        clock=clock,
    )


def check_results(
    config: settings.Settings, installation: checks.Installation, check_tables: Callable[[], None]
) -> list[CheckResult]:
    """Every result. What another service answered may repeat a secret, which is removed."""
    redact = logs.Redaction(settings.secret_values(config), patterns=())
    return [replace(result, detail=redact(result.detail)) for result in checks.lines(installation, check_tables)]


def doctor_of(
    config: settings.Settings, clients: SlackClients, installation: checks.Installation, identity: Identity
) -> DoctorCommand:
    """`/record doctor`. It does not touch the tables: a running bot has them."""
    check_tables = installation.database.check_tables
    return DoctorCommand(
        clients.doctor, lambda: check_results(config, installation, check_tables), lambda: identity.bot.name
    )
