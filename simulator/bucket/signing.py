"""AWS Signature Version 4 as S3 checks it, in a header or in a link; and how a client signs."""

from __future__ import annotations

import calendar
import hashlib
import hmac
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from simulator.bucket.errors import S3Error
from simulator.bucket.request import S3Request

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"
SKEW = 15 * 60
WEEK = 7 * 24 * 3600
_MOMENT = "%Y%m%dT%H%M%SZ"
_FIELDS = re.compile(r"(Credential|SignedHeaders|Signature)=([^,\s]+)")
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Claim:
    """The signature of a request, as the request states it."""

    access_key: str
    scope: str
    """`<day>/<region>/s3/aws4_request`."""
    moment: str
    """`20260102T030405Z`."""
    signed_headers: str
    signature: str
    payload: str
    expires: int | None = None
    """Seconds until a link expires; None for a signed header."""

    @property
    def made_at(self) -> float:
        """Unix time."""
        return calendar.timegm(time.strptime(self.moment, _MOMENT))


def verify(request: S3Request, secrets: Mapping[str, str], now: float) -> str:
    """The access key that signed this request; S3Error if no known key did."""
    claim = _claim(request)
    if claim.access_key not in secrets:
        raise S3Error("InvalidAccessKeyId")
    _check_time(claim, now)
    _check_headers(request, claim)
    expected = _signature(request, claim, secrets[claim.access_key])
    if not hmac.compare_digest(expected, claim.signature):
        raise S3Error("SignatureDoesNotMatch")
    if _HASH.fullmatch(claim.payload) and hashlib.sha256(request.body).hexdigest() != claim.payload:
        raise S3Error("XAmzContentSHA256Mismatch")
    return claim.access_key


def _claim(request: S3Request) -> Claim:
    if "authorization" in request.headers:
        claim = _claim_of_header(request)
    elif "X-Amz-Signature" in request.params:
        claim = _claim_of_link(request)
    elif "Signature" in request.params:
        raise S3Error("InvalidRequest", f"Please use {ALGORITHM}.")
    else:
        raise S3Error("AccessDenied")
    malformed = "AuthorizationHeaderMalformed" if claim.expires is None else "AuthorizationQueryParametersError"
    day, _, service, _ = claim.scope.split("/")
    if service != "s3" or claim.moment[:8] != day or not _is_moment(claim.moment):
        raise S3Error(malformed)
    return claim


def _is_moment(text: str) -> bool:
    try:
        time.strptime(text, _MOMENT)
    except ValueError:
        return False
    return True


def _claim_of_header(request: S3Request) -> Claim:
    algorithm, _, rest = request.headers["authorization"].partition(" ")
    fields = dict(_FIELDS.findall(rest))
    if algorithm != ALGORITHM:
        raise S3Error("InvalidRequest", f"Please use {ALGORITHM}.")
    if len(fields) != 3 or fields["Credential"].count("/") < 4:
        raise S3Error("AuthorizationHeaderMalformed")
    if "x-amz-content-sha256" not in request.headers:
        raise S3Error("InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
    key, scope = _credential(fields["Credential"])
    moment, payload = request.headers.get("x-amz-date", ""), request.headers["x-amz-content-sha256"]
    return Claim(key, scope, moment, fields["SignedHeaders"], fields["Signature"], payload)


def _claim_of_link(request: S3Request) -> Claim:
    given = request.params
    names = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders")
    if any(name not in given for name in names) or given["X-Amz-Credential"].count("/") < 4:
        raise S3Error("AuthorizationQueryParametersError")
    if given["X-Amz-Algorithm"] != ALGORITHM or not given["X-Amz-Expires"].isdecimal():
        raise S3Error("AuthorizationQueryParametersError")
    expires = int(given["X-Amz-Expires"])
    if not 1 <= expires <= WEEK:
        message = f"X-Amz-Expires must be less than a week (in seconds); that is, at most {WEEK} seconds"
        raise S3Error("AuthorizationQueryParametersError", message)
    key, scope = _credential(given["X-Amz-Credential"])
    signed, payload = given["X-Amz-SignedHeaders"], given.get("X-Amz-Content-Sha256", UNSIGNED)
    return Claim(key, scope, given["X-Amz-Date"], signed, given["X-Amz-Signature"], payload, expires)


def _credential(text: str) -> tuple[str, str]:
    *key, day, region, service, end = text.split("/")
    return "/".join(key), "/".join((day, region, service, end))


def _check_time(claim: Claim, now: float) -> None:
    age = now - claim.made_at
    if claim.expires is None and abs(age) > SKEW:
        raise S3Error("RequestTimeTooSkewed")
    if claim.expires is not None and age < -SKEW:
        raise S3Error("AccessDenied", "Request is not yet valid")
    if claim.expires is not None and age > claim.expires:
        raise S3Error("AccessDenied", "Request has expired")


def _check_headers(request: S3Request, claim: Claim) -> None:
    signed = claim.signed_headers.split(";")
    if "host" not in signed:
        raise S3Error("SignatureDoesNotMatch")
    if any(name.startswith("x-amz-") and name not in signed for name in request.headers):
        raise S3Error("AccessDenied", "There were headers present in the request which were not signed")


def _signature(request: S3Request, claim: Claim, secret: str) -> str:
    query = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in request.query)
    headers = [f"{name}:{' '.join(request.headers.get(name, '').split())}" for name in claim.signed_headers.split(";")]
    canonical = (
        request.method,
        request.quoted_path(),
        "&".join(f"{name}={value}" for name, value in query if name != "X-Amz-Signature"),
        *headers,
        "",
        claim.signed_headers,
        claim.payload,
    )
    digest = hashlib.sha256("\n".join(canonical).encode()).hexdigest()
    key = f"AWS4{secret}".encode()
    for part in claim.scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signed = "\n".join((ALGORITHM, claim.moment, claim.scope, digest))
    return hmac.new(key, signed.encode(), hashlib.sha256).hexdigest()


def sign(request: S3Request, access_key: str, secret: str, now: float, region: str = "us-east-1") -> dict[str, str]:
    """The headers of this request (`host` is among them), signed."""
    moment = time.strftime(_MOMENT, time.gmtime(now))
    payload = hashlib.sha256(request.body).hexdigest()
    headers = {**request.headers, "x-amz-date": moment, "x-amz-content-sha256": payload}
    scope = f"{moment[:8]}/{region}/s3/aws4_request"
    claim = Claim(access_key, scope, moment, ";".join(sorted(headers)), "", payload)
    signature = _signature(S3Request(request.method, request.target, headers, request.body), claim, secret)
    fields = f"Credential={access_key}/{scope}, SignedHeaders={claim.signed_headers}, Signature={signature}"
    return {**headers, "authorization": f"{ALGORITHM} {fields}"}
