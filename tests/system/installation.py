"""A whole installation for the doctor: the simulators, and a storage that checks signatures and permissions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from tests.fakes.s3_server import S3Server
from tests.system.conftest import Stack
from tests.system.real_bucket import RealBucket, real_bucket, s3_quietly

SECRET = ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "AGORA_APP_CERTIFICATE", "AGORA_CUSTOMER_ID",
          "AGORA_CUSTOMER_SECRET", "STORAGE_ACCESS_KEY", "STORAGE_SECRET_KEY")  # fmt: skip
Lines = dict[str, tuple[bool, str]]


def assert_no_secret(environment: Mapping[str, str], text: str) -> None:
    """No setting that is a secret appears in the text."""
    assert not [name for name in SECRET if environment[name] and environment[name] in text]


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with s3_quietly() as server:
        yield server


@pytest.fixture
def storage(s3: S3Server) -> Iterator[RealBucket]:
    with real_bucket(s3) as storage:
        yield storage


@pytest.fixture
def whole(stack: Stack, storage: RealBucket) -> Stack:
    """An installation in which everything is right. No bot runs yet."""
    stack.bot.environment |= storage.settings
    return stack
