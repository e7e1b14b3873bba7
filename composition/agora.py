"""Builds Agora's client, and the bucket in Agora's numbers."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import SecretStr

from agora import payloads, tokens, vendors
from agora.client import AgoraClient
from agora.endpoints import EndpointPool
from agora.pacing import RequestPacing
from agora.transport import Credentials, HttpResponse, HttpTransport, Timeouts, ignore_response
from recordings.model.recording import Recording
from recordings.ports import Clock
from settings import Settings

_TIMEOUTS = Timeouts(read=14.0)
"""Wait long for a slow response to `start`: without it there may be a recorder with an unknown sid."""


def agora_of(
    config: Settings, pacing: RequestPacing, clock: Clock, on_response: Callable[[HttpResponse], None] = ignore_response
) -> AgoraClient:
    credentials = Credentials(
        config.agora_customer_id.get_secret_value(), config.agora_customer_secret.get_secret_value()
    )
    return_after = min(60.0, max(1.0, 2 * config.query_interval_seconds))
    transport = HttpTransport(
        EndpointPool(config.agora_api_urls, return_after=return_after),
        credentials,
        timeouts=_TIMEOUTS,
        pace=pacing.wait,
        on_response=on_response,
    )
    redact = (credentials.customer_id, credentials.customer_secret)
    return AgoraClient(transport, tokens_of(config), profile_of(config), storage_target(config), clock, redact)


def tokens_of(config: Settings) -> tokens.Tokens:
    return tokens.Tokens(config.agora_app_id, revealed(config.agora_app_certificate), config.agora_token_version)


def profile_of(config: Settings) -> payloads.RecordingProfile:
    return payloads.RecordingProfile(
        channel_type=payloads.ChannelType[config.agora_channel_profile.upper()],
        max_idle_seconds=config.max_idle_seconds,
        max_duration_seconds=config.max_duration_seconds,
        region=config.agora_region or "",
        encryption_mode=config.agora_encryption_mode,
        encryption_secret=revealed(config.agora_encryption_secret),
        encryption_salt=revealed(config.agora_encryption_salt),
    )


def storage_target(config: Settings) -> payloads.StorageTarget:
    """The bucket in Agora's numbers."""
    vendor = vendors.parse_vendor(config.storage_vendor)
    return payloads.StorageTarget(
        vendor=vendor,
        region=vendors.parse_region(vendor, config.storage_region or "0"),
        bucket=config.storage_bucket,
        access_key=config.storage_access_key.get_secret_value(),
        secret_key=config.storage_secret_key.get_secret_value(),
        endpoint=config.storage_endpoint or "",
    )


def folders_of(recording: Recording) -> tuple[str, ...]:
    """The nested folders in which Agora stores a recording's files."""
    return payloads.file_name_prefix(recording.slack_channel, recording.requested_at.date())


def revealed(secret: SecretStr | None) -> str:
    return "" if secret is None else secret.get_secret_value()
