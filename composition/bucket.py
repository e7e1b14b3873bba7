"""The bucket as the bot reads it, and as the doctor writes to it."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import SecretStr

from agora import vendors
from bucket.locations import REQUEST_SECONDS, BucketLocation
from bucket.object_bucket import ObjectBucket, UnusableBucket
from composition.agora import folders_of
from recordings.model.recording import Recording
from recordings.ports import Bucket, Clock
from settings import Settings


def reading_bucket(config: Settings, clock: Clock, seconds: float = REQUEST_SECONDS) -> Bucket:
    """With the key that may only read, where there is one, else with the key that Agora gets."""
    access_key = config.storage_read_access_key or config.storage_access_key
    secret_key = config.storage_read_secret_key or config.storage_secret_key
    return _bucket(config, access_key, secret_key, clock, seconds)


def writing_bucket(config: Settings, clock: Clock, seconds: float) -> Bucket:
    """With the key that Agora gets."""
    return _bucket(config, config.storage_access_key, config.storage_secret_key, clock, seconds)


def _bucket(config: Settings, access_key: SecretStr, secret_key: SecretStr, clock: Clock, seconds: float) -> Bucket:
    vendor = vendors.parse_vendor(config.storage_vendor)
    region = config.storage_region or ""
    if vendors.has_regions(vendor):
        region = vendors.region_name(vendor, vendors.parse_region(vendor, region))
    try:
        location = BucketLocation(
            vendor=vendors.vendor_name(vendor) if config.storage_endpoint is None else "s3",
            region=region,
            bucket=config.storage_bucket,
            access_key=access_key.get_secret_value(),
            secret_key=secret_key.get_secret_value(),
            endpoint=config.storage_endpoint or "",
        )
        return ObjectBucket(location, clock, seconds=seconds)
    except ValueError as error:
        return UnusableBucket(config.storage_bucket, str(error))


def folder_of(config: Settings) -> Callable[[Recording], str]:
    """Where a recording's files are: the bucket and its folders, as people read it."""
    return lambda recording: "/".join((config.storage_bucket, *folders_of(recording)))
