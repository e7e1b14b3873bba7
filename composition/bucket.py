"""Builds the bucket: for reading, and for the doctor's write test."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import SecretStr

from agora import vendors
from bucket.locations import REQUEST_TIMEOUT, BucketLocation
from bucket.object_bucket import MisconfiguredBucket, ObjectBucket
from composition.agora import folders_of
from recordings.model.recording import Recording
from recordings.ports import Bucket, Clock
from settings import Settings


def reading_bucket(config: Settings, clock: Clock, timeout: float = REQUEST_TIMEOUT) -> Bucket:
    """The bucket with the read-only key if one is set, else with Agora's key."""
    access_key = config.storage_read_access_key or config.storage_access_key
    secret_key = config.storage_read_secret_key or config.storage_secret_key
    return _bucket(config, access_key, secret_key, clock, timeout)


def writing_bucket(config: Settings, clock: Clock, timeout: float) -> Bucket:
    """The bucket with Agora's key."""
    return _bucket(config, config.storage_access_key, config.storage_secret_key, clock, timeout)


def _bucket(config: Settings, access_key: SecretStr, secret_key: SecretStr, clock: Clock, timeout: float) -> Bucket:
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
        return ObjectBucket(location, clock, timeout=timeout)
    except ValueError as error:
        return MisconfiguredBucket(config.storage_bucket, str(error))


def folder_of(config: Settings) -> Callable[[Recording], str]:
    """Where a recording's files are, for people: the bucket and its folders."""
    return lambda recording: "/".join((config.storage_bucket, *folders_of(recording)))
