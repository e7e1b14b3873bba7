"""A local S3 bucket and the media that a recorder would put into it.

Importing it is cheap: moto is imported by the first bucket that needs it, PyAV by the first file that is made.
"""

from simulator.bucket.client import BucketAccount, put
from simulator.bucket.errors import ERRORS, S3Error
from simulator.bucket.options import BucketOptions
from simulator.bucket.server import BucketServer
from simulator.bucket.simulator import BucketSimulator, LoggedRequest

__all__ = [
    "ERRORS",
    "BucketAccount",
    "BucketOptions",
    "BucketServer",
    "BucketSimulator",
    "LoggedRequest",
    "S3Error",
    "put",
]
