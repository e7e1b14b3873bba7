"""Clients of the simulated bucket as others have them. boto3 and botocore are imported when they are used: slowly."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from simulator.bucket import BucketSimulator

if TYPE_CHECKING:
    from obstore.store import S3Store


def credentials(bucket: BucketSimulator) -> tuple[str, str]:
    return bucket.settings["STORAGE_ACCESS_KEY"], bucket.settings["STORAGE_SECRET_KEY"]


def s3_client(bucket: BucketSimulator, key: tuple[str, str] | None = None, version: str = "s3v4") -> Any:
    """boto3, without retries."""
    import boto3
    from botocore.config import Config

    access_key, secret_key = key or credentials(bucket)
    config = Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=2, signature_version=version)
    keys = {"aws_access_key_id": access_key, "aws_secret_access_key": secret_key}
    return boto3.client("s3", endpoint_url=bucket.url, region_name="eu-west-3", config=config, **keys)


def refused(bucket: BucketSimulator, operation: str, s3: Any = None, **arguments: object) -> tuple[int, str]:
    """Status and code of the error that this call gets."""
    from botocore.exceptions import ClientError

    with pytest.raises(ClientError) as caught:
        getattr(s3 or s3_client(bucket), operation)(**{"Bucket": bucket.bucket, **arguments})
    response = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


def signed_put(bucket: BucketSimulator, body: bytes = b"") -> tuple[str, dict[str, str]]:
    """URL and headers of a PUT as botocore signs it."""
    from botocore.auth import S3SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    url = f"{bucket.url}/{bucket.bucket}/a.mp4"
    request = AWSRequest("PUT", url, data=body)
    S3SigV4Auth(Credentials(*credentials(bucket)), "s3", "us-east-1").add_auth(request)
    return url, dict(request.headers.items())


def links(bucket: BucketSimulator, key: str, seconds: int = 60) -> dict[str, str]:
    """A signed link from each library."""
    import obstore

    asked = {"Bucket": bucket.bucket, "Key": key, "ResponseContentDisposition": 'attachment; filename="x y+z.mp4"'}
    return {
        "botocore": s3_client(bucket).generate_presigned_url("get_object", asked, seconds),
        "obstore": obstore.sign(obstore_client(bucket), "GET", key, timedelta(seconds=seconds)),
    }


def obstore_client(bucket: BucketSimulator) -> S3Store:
    """The bot's library."""
    from obstore.store import S3Store

    access_key, secret_key = credentials(bucket)
    return S3Store(
        bucket.bucket,
        endpoint=bucket.url,
        access_key_id=access_key,
        secret_access_key=secret_key,
        region="us-east-1",
        client_options={"allow_http": True},
    )
