"""A local S3 bucket and the media that a recorder would put into it.

Importing it is cheap: moto comes with the first bucket that starts, PyAV with the first file that is made.
"""

from simulator.bucket.errors import ERRORS, S3Error
from simulator.bucket.simulator import Asked, BucketSimulator

__all__ = ["ERRORS", "Asked", "BucketSimulator", "S3Error"]
