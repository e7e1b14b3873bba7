"""One S3 server for each test process, and one bucket for each test."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator

import pytest

from bucket.object_bucket import ObjectBucket
from tests.fakes.rows import FunctionClock
from tests.fakes.s3_server import S3Server, location, now, s3_server


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    # The server logs each request.
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
    return ObjectBucket(location(bucket=name, endpoint=s3.url), FunctionClock(now), timeout=60)
