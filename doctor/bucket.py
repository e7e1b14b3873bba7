"""The bucket: stores, lists, reads and removes a probe object, with the keys that Agora and the bot have."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from agora.payloads import StorageTarget, endpoint_host
from agora.vendors import S3_COMPATIBLE, region_name, vendor_name
from doctor.results import CheckResult, failed, note, passed, skipped
from recordings.errors import BucketDenied, BucketError, BucketUnreachable
from recordings.ports import Bucket

WRITE, LIST, READ, DELETE = "bucket write", "bucket list", "bucket read", "bucket delete"
FOLDER = "recordingbotcheck"
NETWORK = "Check the network and STORAGE_ENDPOINT or, if it is not set, STORAGE_VENDOR and STORAGE_REGION."
_AGORAS_KEY = ("STORAGE_ACCESS_KEY", "STORAGE_SECRET_KEY")
_READ_KEY = ("STORAGE_READ_ACCESS_KEY", "STORAGE_READ_SECRET_KEY")
_NOT_SENT = frozenset({"NoConnection", "NoSuchHost", "BadCertificate"})
_LOCATION = frozenset({"ContainerNotFound", "InvalidBucketName", "InvalidResourceName", "NoSuchBucket"})
_KEYS = frozenset(
    {
        "AuthenticationFailed",
        "ExpiredToken",
        "InvalidAccessKeyId",
        "InvalidAuthenticationInfo",
        "InvalidSecurity",
        "InvalidToken",
        "SignatureDoesNotMatch",
    }
)
_REGION = frozenset(
    {
        "AuthorizationHeaderMalformed",
        "IllegalLocationConstraintException",
        "PermanentRedirect",
        "TemporaryRedirect",
    }
)
_CANT_READ = (
    "Agora can store files, but the bot can't see them: let {} {} objects too, or give the bot a key that may"
    " (STORAGE_READ_ACCESS_KEY, STORAGE_READ_SECRET_KEY)."
)


@dataclass(frozen=True, slots=True)
class BucketKeys:
    """The same bucket with Agora's key, and with the key that the bot reads with (often the same one)."""

    writer: Bucket
    reader: Bucket
    own_read_key: bool = False

    @property
    def reading(self) -> tuple[str, str]:
        """The settings of the key that the bot reads with."""
        return _READ_KEY if self.own_read_key else _AGORAS_KEY


def describe_storage(target: StorageTarget) -> CheckResult:
    """What Agora gets to know about the bucket."""
    name = region_name(target.vendor, target.region)
    region = f"{target.region} ({name})" if name else str(target.region)
    endpoint = f", endpoint {endpoint_host(target.endpoint)}" if target.vendor == S3_COMPATIBLE else ""
    vendor = f"vendor {target.vendor} ({vendor_name(target.vendor)})"
    sent = f"Agora is sent bucket {target.bucket}, {vendor}, region {region}{endpoint}"
    if target.endpoint and target.vendor != S3_COMPATIBLE:
        unused = "STORAGE_ENDPOINT"
        return note("storage", f"{sent}, and not {unused}, which is for STORAGE_VENDOR s3 only", setting=unused)
    return passed("storage", sent)


def check_bucket(keys: BucketKeys) -> list[CheckResult]:
    """One result for each permission. Removes the probe object whatever happens."""
    key, content = f"{FOLDER}/{secrets.token_hex(8)}", secrets.token_hex(8)
    error = _refusal(lambda: keys.writer.put(key, content.encode()))
    if error is not None:
        return [_not_written(error, keys.writer, key), *(skipped(check, WRITE) for check in (LIST, READ, DELETE))]
    try:
        listed = _check_list(keys, key)
        read = _check_read(keys, key, content) if listed.ok else skipped(READ, LIST)
    finally:
        removed = _check_delete(keys.writer, key)
    return [passed(WRITE, f"an object can be stored under {FOLDER}/"), listed, read, removed]


def _not_written(error: BucketError, writer: Bucket, key: str) -> CheckResult:
    if isinstance(error, BucketUnreachable) and error.code not in _NOT_SENT:
        # The answer was lost: the object may be there.
        _refusal(lambda: writer.delete(key))
    if isinstance(error, BucketDenied) and error.code != "UnusableSettings":
        return failed(
            WRITE, str(error), "Agora can't write either: let STORAGE_ACCESS_KEY put objects into the bucket."
        )
    return failed(WRITE, str(error), _next_step(error, _AGORAS_KEY))


def _check_list(keys: BucketKeys, key: str) -> CheckResult:
    listed: list[str] = []
    error = _refusal(lambda: listed.extend(file.key for file in keys.reader.list(key)))
    if error is not None:
        return _unreadable(LIST, error, keys)
    if key in listed:
        return passed(LIST, "the object is listed")
    return failed(LIST, "the object that was just stored is not listed", NETWORK)


def _check_read(keys: BucketKeys, key: str, content: str) -> CheckResult:
    texts: list[str] = []
    error = _refusal(lambda: texts.append(keys.reader.text(key)))
    if error is not None:
        return _unreadable(READ, error, keys)
    if texts == [content]:
        return passed(READ, "it reads as it was stored")
    return failed(READ, "the object doesn't read as it was stored", NETWORK)


def _unreadable(check: str, error: BucketError, keys: BucketKeys) -> CheckResult:
    if isinstance(error, BucketDenied):
        key = keys.reading[0]
        return note(check, str(error), _CANT_READ.format(key, "list" if check == LIST else "read"), setting=key)
    return failed(check, str(error), _next_step(error, keys.reading))


def _check_delete(writer: Bucket, key: str) -> CheckResult:
    error = _refusal(lambda: writer.delete(key))
    if error is None:
        return passed(DELETE, "it is removed")
    return note(DELETE, str(error), f"{key} stays in the bucket: remove it by hand. Only this check deletes objects.")


def _next_step(error: BucketError, key_pair: tuple[str, str]) -> str:
    if error.code in _LOCATION:
        return "Check STORAGE_BUCKET, and that it is in STORAGE_REGION."
    if error.code in _KEYS:
        return f"Check {key_pair[0]} and {key_pair[1]}: they have to be a pair."
    if error.code in _REGION:
        return "Check STORAGE_REGION: the bucket is in another one."
    if error.code == "RequestTimeTooSkewed":
        return "Set this machine's clock (NTP)."
    if error.code == "UnusableSettings":
        return "Check the STORAGE_ settings."
    if error.code == "NotAStorage":
        return "Check STORAGE_ENDPOINT: the answer doesn't come from object storage."
    return NETWORK if isinstance(error, BucketUnreachable) else "Look this code up in the storage's documentation."


def _refusal(ask: Callable[[], object]) -> BucketError | None:
    try:
        ask()
    except BucketError as error:
        return error
    return None
