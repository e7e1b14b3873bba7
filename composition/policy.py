"""The policy of this installation, from its settings."""

from __future__ import annotations

from agora import payloads
from recordings.lifecycle.policy import Policy
from settings import Settings

_TOKEN_LIFE = 24 * 3600.0
"""Seconds. Agora's tokens live no longer (doc page: Token authentication)."""
_MAX_RESUMES = 3
"""A recording that is lost more often than this needs a person."""


def policy_of(config: Settings) -> Policy:
    """The durations that decisions depend on."""
    resource_life = payloads.expiry_hours(config.max_duration_seconds) * 3600.0
    return Policy(
        query_interval=config.query_interval_seconds,
        start_timeout=config.start_timeout_seconds,
        failover_grace=config.failover_grace_seconds,
        retry_backoff=config.retry_backoff_seconds,
        endpoint_count=len(config.agora_api_urls),
        nothing_stored=config.nothing_stored_seconds,
        unreachable_alert=config.unreachable_alert_seconds,
        max_duration=config.max_duration_seconds,
        ending_soon=config.ending_soon_seconds,
        extension=config.extend_seconds,
        silence_alert=config.silence_alert_seconds,
        expects_notifications=config.agora_webhook_secret is not None,
        delivery_timeout=config.delivery_timeout_seconds,
        bucket_is_agoras=config.storage_read_access_key is None,
        recorder_life=_TOKEN_LIFE if config.agora_app_certificate else resource_life,
        max_resumes=_MAX_RESUMES if config.record_on else 0,
    )
