"""One S3 server for all tests of a process, and a bucket of its own for each."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator

import pytest

from bucket.object_bucket import ObjectBucket
from tests.fakes.rows import FunctionClock
from tests.fakes.s3_server import S3Server, now, place, s3_server


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    # It writes a line for each request.
    logger = logging.getLogger("werkzeug")
    before = logger.level
    logger.setLevel(logging.ERROR)
    with s3_server() as server:
        yield server
    logger.setLevel(before)


@pytest.fixture
def bucket(s3: S3Server) -> ObjectBucket:
    name = f"calls-{uuid.uuid4().hex}"
    s3.new_bucket(name)
    return ObjectBucket(place(bucket=name, endpoint=s3.url), FunctionClock(now), seconds=5)
