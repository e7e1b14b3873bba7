"""Every setting of the bot: named, typed and checked at start. Only bot.py and composition read them.

`load()` merges the environment and `.env` name by name: the environment wins, and an empty value counts as not set. Of
a setting's two names the first wins, wherever it is set. All missing and wrong settings are reported by one
`SettingsError`, a line for each. A line shows the wrong value unless the setting is a secret, or the value looks like
one: a secret may be in the wrong variable.

`documented()` returns every setting in groups; tools/settings.py makes docs/settings.md from it.
"""

from __future__ import annotations

import base64
import binascii
import io
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal
from urllib.parse import SplitResult, urlsplit

from dotenv.parser import parse_stream
from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasGenerator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

LONGEST_SECONDS = 30 * 24 * 3600  # Agora's limit for maxIdleTime and for the life of a resource.
LONGEST_WITH_TOKEN_SECONDS = 23 * 3600  # A token lives 24 h and can't be renewed; then its recorder is thrown out.
LONGEST_LINK_SECONDS = 7 * 24 * 3600  # The longest life of an S3 signature.
VENDORS_WITHOUT_REGIONS = frozenset({"azure", "5", "google", "6", "s3", "11"})
VENDORS_WITH_ENDPOINT = frozenset({"s3", "11"})
ENCRYPTION_MODES_WITH_SALT = frozenset({7, 8})

GROUPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "Required": (
            "slack_bot_token",
            "slack_app_token",
            "agora_app_id",
            "agora_customer_id",
            "agora_customer_secret",
            "storage_bucket",
            "storage_region",
            "storage_access_key",
            "storage_secret_key",
        ),
        "Agora": (
            "agora_app_certificate",
            "agora_token_version",
            "agora_channel_profile",
            "agora_region",
            "agora_api_urls",
            "agora_encryption_mode",
            "agora_encryption_secret",
            "agora_encryption_salt",
            "agora_webhook_secret",
            "public_url",
        ),
        "Storage": (
            "storage_vendor",
            "storage_endpoint",
            "storage_read_access_key",
            "storage_read_secret_key",
        ),
        "Behaviour": (
            "record_on",
            "support_contact",
            "runbook_url",
            "ending_soon_seconds",
            "extend_seconds",
            "query_interval_seconds",
            "start_timeout_seconds",
            "failover_grace_seconds",
            "retry_backoff_seconds",
            "nothing_stored_seconds",
            "silence_alert_seconds",
            "unreachable_alert_seconds",
            "delivery_timeout_seconds",
        ),
        "Limits": (
            "max_duration_seconds",
            "max_idle_seconds",
            "link_ttl_seconds",
            "allow_guests",
            "allowed_agora_channels",
            "max_recorders",
            "agora_qps",
        ),
        "Server": (
            "database_url",
            "http_host",
            "http_port",
            "slack_signing_secret",
            "slack_api_url",
            "lease_seconds",
            "log_level",
            "log_format",
        ),
    }
)
"""The order of .env.example and of docs/settings.md."""

_UNIT_SECONDS = {"d": 86_400, "h": 3600, "m": 60, "s": 1}
_DURATION = re.compile(r"(?=.)" + "".join(rf"(?:(\d{{1,9}}(?:\.\d{{1,9}})?){unit})?" for unit in _UNIT_SECONDS))
_DURATION_HINT = ": seconds above 0, or as in 90s, 45m, 1h30m"
_LONGEST_SHOWN = 40
_LOOKS_SECRET = re.compile(r"@|xox|xapp|[A-Za-z0-9+/=]{20}")
_MISSPELLED_BY = 2
"""Letters that are wrong, missing or too many in a name that counts as misspelled."""


class SettingsError(Exception):
    """Settings are missing or wrong: `lines` has one line for each, without secrets, to be shown as it is."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


class UnknownChoice(ValueError):
    """A value that is none of `choices`. `synonyms` maps words that people use instead to choices."""

    def __init__(
        self,
        problem: str,
        choices: Iterable[str],
        synonyms: Mapping[str, str] = MappingProxyType({}),
        otherwise: str = "",
    ) -> None:
        """`otherwise` follows where no choice is similar to the value."""
        super().__init__(problem)
        self.choices = tuple(choices)
        self.synonyms = synonyms
        self.otherwise = otherwise


@dataclass(frozen=True, slots=True)
class DocumentedSetting:
    """A setting for a table: its group, its names (the first wins), what it holds, and its default ("" for none)."""

    group: str
    names: tuple[str, ...]
    holds: str
    default: str
    required: bool
    is_duration: bool


def _comma_list(value: object) -> object:
    if not isinstance(value, str):
        return value
    return [item.strip() for item in value.split(",") if item.strip()]


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _duration(value: object) -> object:
    """The seconds of `45m`, `4h`, `1h30m`; anything else unchanged."""
    match = _DURATION.fullmatch(value.replace(" ", "").lower()) if isinstance(value, str) else None
    if match is None:
        return value
    return sum(float(count or 0) * unit for count, unit in zip(match.groups(), _UNIT_SECONDS.values(), strict=True))


def _slack_token(prefix: str) -> AfterValidator:
    def check(token: SecretStr) -> SecretStr:
        if not token.get_secret_value().startswith(prefix) or len(token) == len(prefix):
            raise ValueError(f"is not a token that begins with {prefix}")
        return token

    return AfterValidator(check)


def _one_word(text: str) -> str:
    if " " in text or not text.isprintable():
        raise ValueError("holds white space or an invisible character")
    return text


def _secret_word(secret: SecretStr) -> SecretStr:
    _one_word(secret.get_secret_value())
    return secret


def _salt(salt: SecretStr) -> SecretStr:
    try:
        size = len(base64.b64decode(salt.get_secret_value(), validate=True))
    except (binascii.Error, ValueError):
        raise ValueError("is not base64") from None
    if size != 32:
        raise ValueError(f"holds {size} bytes, not 32")
    return salt


def _split(url: str) -> SplitResult | None:
    """The parts of a URL; None if it is not one. The text of urllib's own error may quote the URL."""
    try:
        parts = urlsplit(url)
        port_is_right = parts.port != 0
    except ValueError:
        return None
    return parts if port_is_right and parts.hostname and not any(c.isspace() for c in url) else None


def _base_url(url: str) -> str:
    parts = _split(url)
    if parts is None or parts.scheme not in {"http", "https"}:
        raise ValueError("is not an http:// or https:// URL")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("holds more than scheme, host and path")
    return url.rstrip("/")


def _slack_url(url: str) -> str:
    return _base_url(url) + "/"


def _endpoint(endpoint: str) -> str:
    """The host, with `http://` in front if it was given: a host without a scheme means https."""
    host = endpoint.removeprefix("https://").removeprefix("http://").rstrip("/")
    parts = _split(f"//{host}")
    if parts is None or parts.netloc != host or "@" in host:
        raise ValueError("is not a host name")
    return f"http://{host}" if endpoint.startswith("http://") else host


def _parse_url(url: SecretStr) -> URL:
    try:
        return make_url(url.get_secret_value())
    except (ArgumentError, ValueError):
        raise ValueError("is not a URL") from None


def _in_memory(url: URL) -> bool:
    return url.database in {None, "", ":memory:", "file::memory:"} or url.query.get("mode") == "memory"


def _database_url(secret: SecretStr) -> SecretStr:
    url = _parse_url(secret)
    if url.drivername in {"postgres", "postgresql"}:  # Without a driver, SQLAlchemy 2.0 and 2.1 use different ones.
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername not in {"sqlite", "sqlite+pysqlite", "postgresql+psycopg"}:
        raise ValueError("is neither sqlite:// nor postgresql://")
    if url.drivername.startswith("sqlite") and url.host:
        raise ValueError("names a host: SQLite takes three slashes before a path, four before an absolute one")
    if url.drivername.startswith("sqlite") and _in_memory(url):
        raise ValueError("is a database in memory: a restart would lose every recording's state")
    return SecretStr(url.render_as_string(hide_password=False))


Seconds = Annotated[float, BeforeValidator(_duration), Field(gt=0, le=LONGEST_SECONDS, allow_inf_nan=False)]
Waits = Annotated[tuple[Seconds, ...], BeforeValidator(_comma_list), Field(min_length=1)]
Patterns = Annotated[tuple[str, ...], BeforeValidator(_comma_list), Field(min_length=1)]
BaseUrls = Annotated[tuple[Annotated[str, AfterValidator(_base_url)], ...], BeforeValidator(_comma_list)]
Secret = Annotated[SecretStr, Field(min_length=1)]


class Settings(BaseModel):
    """The settings. A field's first name is its variable; `description` says what that should hold."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
        validate_default=True,
        alias_generator=AliasGenerator(validation_alias=str.upper),
    )

    slack_bot_token: Annotated[Secret, _slack_token("xoxb-")] = Field(
        description="the app's bot token, xoxb-…, from OAuth & Permissions"
    )
    slack_signing_secret: Secret | None = Field(
        None, description="the app's signing secret, for HTTP mode, in place of SLACK_APP_TOKEN"
    )
    slack_app_token: Annotated[Secret, _slack_token("xapp-")] | None = Field(
        None, description="an app-level token with connections:write, xapp-…, for Socket Mode"
    )
    slack_api_url: Annotated[str, AfterValidator(_slack_url)] = Field(
        "https://slack.com/api/", description="the base URL of Slack's Web API"
    )

    agora_app_id: Annotated[str, Field(min_length=1), AfterValidator(_one_word)] = Field(
        validation_alias=AliasChoices("AGORA_APP_ID", "APP_ID"),
        description="the App ID of the Agora project, 32 hexadecimal digits",
    )
    agora_app_certificate: Annotated[Secret, AfterValidator(_secret_word)] | None = Field(
        None,
        validation_alias=AliasChoices("AGORA_APP_CERTIFICATE", "APP_CERTIFICATE"),
        description="the project's primary certificate, 32 hexadecimal digits; nothing if the project has none",
    )
    agora_token_version: Literal["006", "007"] = Field(
        "006", description="006 or 007, the version of recorders' tokens"
    )
    agora_customer_id: Secret = Field(
        validation_alias=AliasChoices("AGORA_CUSTOMER_ID", "CUSTOMER_ID"),
        description="the customer ID of Agora's RESTful API credential",
    )
    agora_customer_secret: Secret = Field(
        validation_alias=AliasChoices("AGORA_CUSTOMER_SECRET", "CUSTOMER_SECRET"),
        description="the customer secret of Agora's RESTful API credential",
    )
    agora_api_urls: Annotated[BaseUrls, Field(min_length=1)] = Field(
        ("https://api.agora.io", "https://api.sd-rtn.com"),
        description="the base URLs of Agora's REST API, comma separated, the preferred one first",
    )
    agora_channel_profile: Annotated[Literal["communication", "live"], BeforeValidator(_lower)] = Field(
        "communication", description="communication or live, the channel profile that the calls' own SDK uses"
    )
    agora_region: Annotated[Literal["CN", "AP", "EU", "NA"], BeforeValidator(_upper)] | None = Field(
        None, description="CN, AP, EU or NA to keep recorders in that region; nothing for any region"
    )
    agora_encryption_mode: Annotated[int, Field(ge=0, le=8)] = Field(
        0, description="a number from 0 (not encrypted) to 8, the encryption mode that the calls' own SDK uses"
    )
    agora_encryption_secret: Secret | None = Field(
        None, description="the key that the calls are encrypted with, for modes 1 to 8"
    )
    agora_encryption_salt: Annotated[SecretStr, AfterValidator(_salt)] | None = Field(
        None, description="the salt that the calls are encrypted with, 32 bytes as base64, for modes 7 and 8"
    )
    agora_qps: Annotated[float, Field(gt=0, le=1_000_000, allow_inf_nan=False)] = Field(
        10, description="the requests per second that Agora allows this App ID, a number above 0"
    )
    agora_webhook_secret: Secret | None = Field(
        None, description="the secret of Agora's notifications; without it /agora/webhook answers 404"
    )
    public_url: Annotated[str, AfterValidator(_base_url)] | None = Field(
        None, description="the URL at which Agora reaches the bot, https://…, without /agora/webhook"
    )

    storage_vendor: Annotated[str, BeforeValidator(_lower)] = Field(
        "aws",
        description="aws, alibaba, tencent, azure, google, huawei, baidu, s3 (S3-compatible), or Agora's number",
    )
    storage_region: str | None = Field(
        None,
        description="the region of the bucket: its name (us-east-2) or Agora's number; not for azure, google, s3",
    )
    storage_bucket: str = Field(
        validation_alias=AliasChoices("STORAGE_BUCKET", "BUCKET_NAME"),
        description="the name of the bucket that Agora uploads to",
    )
    storage_access_key: Secret = Field(
        validation_alias=AliasChoices("STORAGE_ACCESS_KEY", "ACCESS_KEY"),
        description="the access key with which Agora writes to the bucket",
    )
    storage_secret_key: Secret = Field(
        validation_alias=AliasChoices("STORAGE_SECRET_KEY", "SECRET_KEY"),
        description="the secret key of that access key",
    )
    storage_endpoint: Annotated[str, AfterValidator(_endpoint)] | None = Field(
        None, description="the host of S3-compatible storage (s3.example.com), with http:// in front if it has no TLS"
    )
    storage_read_access_key: Secret | None = Field(
        None, description="an access key with which the bot reads the bucket, in place of the key that Agora gets"
    )
    storage_read_secret_key: Secret | None = Field(None, description="the secret key of that access key")

    database_url: Annotated[SecretStr, AfterValidator(_database_url)] = Field(
        SecretStr("sqlite:///recordings.db"), description="sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME"
    )

    query_interval_seconds: Seconds = Field(30, description="the time between two queries of a recording")
    start_timeout_seconds: Seconds = Field(
        90, description="the time after which a recording that didn't start has failed"
    )
    failover_grace_seconds: Seconds = Field(
        120, description="the time that Agora may not find a running recorder before it counts as lost"
    )
    retry_backoff_seconds: Waits = Field(
        (1, 3, 6), description="the waits between attempts of one request to Agora, comma separated"
    )
    record_on: bool = Field(
        True, description="1 to continue with another recorder when one is lost during a call, 0 to fail"
    )
    nothing_stored_seconds: Seconds = Field(
        120, description="the time with people in the call and no file stored after which a warning is sent"
    )
    unreachable_alert_seconds: Seconds = Field(
        300, description="the time without a usable answer from Agora after which a warning is sent"
    )
    max_idle_seconds: Seconds = Field(
        300, description="the time with nobody in the call after which a recording ends (Agora needs 5 or more)"
    )
    max_duration_seconds: Seconds = Field(
        14400, description="the longest recording, unless somebody sets another end (at most 23h with a certificate)"
    )
    ending_soon_seconds: Waits = Field(
        (600, 60), description="how long before the end of a recording the warnings are sent, comma separated"
    )
    extend_seconds: Seconds = Field(1800, description="the time that the button for more time adds")
    silence_alert_seconds: Seconds = Field(
        120, description="the time with people in the call and no sound after which a warning is sent"
    )
    delivery_timeout_seconds: Seconds = Field(
        900, description="the time that files may take to arrive in the bucket before a warning is sent"
    )
    link_ttl_seconds: Annotated[
        float, BeforeValidator(_duration), Field(ge=1, le=LONGEST_LINK_SECONDS, allow_inf_nan=False)
    ] = Field(3600, description="how long a link to a file works, at most 7d")
    allow_guests: bool = Field(
        False, description="1 to let guests and people from other companies do what members may, else 0"
    )
    allowed_agora_channels: Patterns | None = Field(
        None,
        description="shell patterns of the calls that may be recorded, comma separated (team-*,daily); nothing for all",
    )
    max_recorders: Annotated[int, Field(ge=1)] = Field(
        50, description="how many recorders Agora lets this App ID run at the same time, a whole number above 0"
    )
    support_contact: str | None = Field(
        None, description="who helps with the setup: a Slack mention (<@U0123>), a channel or an address"
    )
    runbook_url: Annotated[str, AfterValidator(_base_url)] | None = Field(
        None, description="the page that alerts link to, https://…, with the anchors of docs/runbook.md"
    )
    lease_seconds: Seconds = Field(
        15, description="the silence of the leading process after which another one takes over"
    )

    http_host: str = Field("127.0.0.1", description="the address on which the bot serves its HTTP routes")
    http_port: Annotated[int, Field(ge=0, le=65535)] = Field(
        3000, description="the port on which the bot serves its HTTP routes, from 0 (any free one) to 65535"
    )
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)] = Field(
        "INFO", description="DEBUG, INFO, WARNING or ERROR"
    )
    log_format: Annotated[Literal["console", "json"], BeforeValidator(_lower)] | None = Field(
        None, description="console or json; nothing for console on a terminal and json elsewhere"
    )

    # A rule about two settings is checked on the later field, not on the whole model, so that one run reports every
    # wrong setting. `info.data` holds the earlier fields that are right.

    @field_validator("slack_app_token")
    @classmethod
    def _one_way_to_slack(cls, token: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if token is None and info.data.get("slack_signing_secret", ...) is None:
            raise ValueError("is missing, and so is SLACK_SIGNING_SECRET: one of the two is required")
        return token

    @field_validator("agora_encryption_secret")
    @classmethod
    def _secret_for_mode(cls, secret: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        mode = info.data.get("agora_encryption_mode", 0)
        if secret is None and mode != 0:
            raise ValueError(f"is missing: AGORA_ENCRYPTION_MODE {mode} needs it")
        return secret

    @field_validator("agora_encryption_salt")
    @classmethod
    def _salt_for_mode(cls, salt: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        mode = info.data.get("agora_encryption_mode", 0)
        if salt is None and mode in ENCRYPTION_MODES_WITH_SALT:
            raise ValueError(f"is missing: AGORA_ENCRYPTION_MODE {mode} needs it")
        return salt

    @field_validator("storage_vendor")
    @classmethod
    def _known_vendor(cls, vendor: str, info: ValidationInfo) -> str:
        _check_with_agora(info, "vendor", vendor)
        return vendor

    @field_validator("storage_region")
    @classmethod
    def _region_for_vendor(cls, region: str | None, info: ValidationInfo) -> str | None:
        vendor = info.data.get("storage_vendor")
        if vendor is None:
            return region  # Whether the vendor has regions is not known before STORAGE_VENDOR is right.
        if region is None and vendor not in VENDORS_WITHOUT_REGIONS:
            raise ValueError(f"is missing: a bucket at {vendor} has a region")
        if region is not None:
            _check_with_agora(info, "region", vendor, region)
        return region

    @field_validator("storage_endpoint")
    @classmethod
    def _endpoint_for_vendor(cls, endpoint: str | None, info: ValidationInfo) -> str | None:
        if endpoint is None and info.data.get("storage_vendor") in VENDORS_WITH_ENDPOINT:
            raise ValueError("is missing: STORAGE_VENDOR s3 needs it")
        return endpoint

    @field_validator("storage_read_secret_key")
    @classmethod
    def _both_read_keys(cls, secret: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if (secret is None) is not (info.data.get("storage_read_access_key") is None):
            raise ValueError("and STORAGE_READ_ACCESS_KEY belong together: set both or neither")
        return secret

    @field_validator("max_duration_seconds")
    @classmethod
    def _within_token_life(cls, seconds: float, info: ValidationInfo) -> float:
        if seconds > LONGEST_WITH_TOKEN_SECONDS and info.data.get("agora_app_certificate") is not None:
            raise ValueError(
                "is more than 23h, the longest that a recorder's token allows (AGORA_APP_CERTIFICATE is set)"
            )
        return seconds


def _check_with_agora(info: ValidationInfo, name: str, *values: str) -> None:
    """Runs one of the `checks` that were given to `load`."""
    check = (info.context or {}).get(name)
    if check is not None:
        check(*values)


def load(
    environ: Mapping[str, str] | None = None,
    env_file: str | Path = ".env",
    checks: Mapping[str, Callable[..., object]] | None = None,
) -> Settings:
    """The settings of `environ` (by default the process's environment) and of `env_file`, if it exists.

    `checks`: functions that raise `UnknownChoice` for a `vendor` that Agora does not know, and a `region` of a vendor.
    Raises `SettingsError` with one line for each setting that is missing or wrong.
    """
    values, lines = _read(Path(env_file))
    values |= _without_empty(os.environ if environ is None else environ)
    try:
        settings = Settings.model_validate(values, context=dict(checks or {}))
    except ValidationError as error:
        raise SettingsError(lines + _lines(error, values)) from None
    if lines:
        raise SettingsError(lines)
    return settings


def load_database_url(environ: Mapping[str, str] | None = None, env_file: str | Path = ".env") -> SecretStr:
    """`DATABASE_URL` alone, whatever is wrong with the other settings. Raises `SettingsError` with one line."""
    values, lines = _read(Path(env_file))
    values |= _without_empty(os.environ if environ is None else environ)
    url = values.get("DATABASE_URL")
    if url is None and lines:
        raise SettingsError(lines)
    try:
        default: SecretStr = Settings.model_fields["database_url"].default
        return default if url is None else _database_url(SecretStr(url))
    except ValueError as error:
        raise SettingsError([line("database_url", str(error))]) from None


def misspelled_names(env_file: str | Path = ".env") -> tuple[str, ...]:
    """A line for each name in `env_file` that is no setting, but within two letters of one."""
    given, _ = _read(Path(env_file))
    known = [name for variables in names().values() for name in variables]
    closest = {name: min(known, key=lambda other: _edits(name.upper(), other)) for name in given if name not in known}
    return tuple(
        f"{name} in {env_file} is not a setting. Did you mean {other}?"
        for name, other in closest.items()
        if _edits(name.upper(), other) <= _MISSPELLED_BY
    )


def _edits(one: str, other: str) -> int:
    """The letters to change, add or leave out (Levenshtein distance)."""
    row = list(range(len(other) + 1))
    for count, letter in enumerate(one, 1):
        last, row[0] = row[0], count
        for column, other_letter in enumerate(other, 1):
            last, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, last + (letter != other_letter))
    return row[-1]


def documented() -> Iterator[DocumentedSetting]:
    """Every setting, in the order of `GROUPS`."""
    for group, fields in GROUPS.items():
        for field in fields:
            yield DocumentedSetting(
                group,
                tuple(_names(field)),
                Settings.model_fields[field].description or "",
                _default(field),
                required=group == "Required",
                is_duration=_is_duration(field),
            )


def _default(field: str) -> str:
    """As one would write it into .env."""
    info = Settings.model_fields[field]
    default = "" if info.is_required() or info.default is None else info.default
    if isinstance(default, SecretStr):
        return default.get_secret_value()
    if isinstance(default, tuple):
        return ",".join(map(str, default))
    return str(int(default)) if isinstance(default, bool) else str(default)


def _is_duration(field: str) -> bool:
    return field.endswith("_seconds")


def names() -> dict[str, tuple[str, ...]]:
    """The variables of each field, the one that wins first."""
    return {field: tuple(_names(field)) for field in Settings.model_fields}


def line(field: str, problem: str, next_step: str = "") -> str:
    """The line about one setting: `line("storage_bucket", "does not exist")`."""
    variables = " or ".join(_names(field))
    hint = _DURATION_HINT if _is_duration(field) else ""
    holds = f"It should hold {Settings.model_fields[field].description}{hint}."
    return " ".join(text for text in (f"{variables} {problem}.", next_step, holds) if text)


def secret_values(settings: Settings) -> tuple[str, ...]:
    """Every value that no log line may contain, including the password of the database."""
    return tuple(_secret_values(settings))


def database_passwords(database_url: SecretStr) -> tuple[str, ...]:
    """The parts of the URL that no log line may contain."""
    url = make_url(database_url.get_secret_value())
    return tuple(word for word in (url.password, url.query.get("password")) if isinstance(word, str) and word)


def _secret_values(settings: Settings) -> Iterator[str]:
    for field, value in settings:
        if isinstance(value, SecretStr) and field != "database_url":
            yield value.get_secret_value()
    yield _basic_credential(settings)
    yield from database_passwords(settings.database_url)


def _basic_credential(settings: Settings) -> str:
    customer = settings.agora_customer_id.get_secret_value()
    secret = settings.agora_customer_secret.get_secret_value()
    return base64.b64encode(f"{customer}:{secret}".encode()).decode()


def _without_empty(variables: Mapping[str, str | None]) -> dict[str, str]:
    stripped = {name: (value or "").strip() for name, value in variables.items()}
    return {name: value for name, value in stripped.items() if value}


def _read(env_file: Path) -> tuple[dict[str, str], list[str]]:
    """The values of `env_file`, and an error for each of its lines that can't be read."""
    try:
        text = env_file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}, []
    except UnicodeDecodeError:
        raise SettingsError([f"{env_file} can't be read: it is not UTF-8 text."]) from None
    except OSError as error:
        raise SettingsError([f"{env_file} can't be read: {error.strerror}."]) from None
    bindings = list(parse_stream(io.StringIO(text)))
    wrong = [f"{env_file}, line {b.original.line}, is not NAME=value." for b in bindings if b.error]
    return _without_empty({b.key: b.value for b in bindings if b.key}), wrong


def _names(field: str) -> list[str]:
    alias = Settings.model_fields[field].validation_alias
    if isinstance(alias, AliasChoices):
        return [str(choice) for choice in alias.choices]
    return [str(alias)]


def _lines(error: ValidationError, values: Mapping[str, str]) -> list[str]:
    fields = {name: field for field, variables in names().items() for name in (field, *variables)}
    lines: dict[str, str] = {}
    for detail in error.errors(include_url=False, include_input=False):
        field = fields[str(detail["loc"][0])]
        value = next((values[name] for name in _names(field) if name in values), "")
        lines.setdefault(field, _wrong(field, dict(detail), value))
    return list(lines.values())


def _wrong(field: str, detail: dict[str, Any], value: str) -> str:
    if detail["type"] == "missing":
        return line(field, "is missing")
    error = detail["ctx"]["error"] if detail["type"] == "value_error" else _unknown_choice(detail)
    shown = f': "{value}"' if _may_be_shown(field, value) else ""
    return line(field, f"{error}{shown}", _suggestion(error, value))


def _unknown_choice(detail: dict[str, Any]) -> ValueError:
    choices = re.findall(r"'([^']+)'", str(detail.get("ctx", {}).get("expected", "")))
    return UnknownChoice("is wrong", choices)


def _may_be_shown(field: str, value: str) -> bool:
    is_secret = "SecretStr" in str(Settings.model_fields[field].annotation)
    return (
        not is_secret and 0 < len(value) <= _LONGEST_SHOWN and value.isprintable() and not _LOOKS_SECRET.search(value)
    )


def _suggestion(error: ValueError, value: str) -> str:
    if not isinstance(error, UnknownChoice):
        return ""
    choice = _closest(value.lower(), error.choices, error.synonyms)
    return f"Did you mean {choice}?" if choice else error.otherwise


def _closest(word: str, choices: Iterable[str], synonyms: Mapping[str, str]) -> str | None:
    by_word = {**{choice.lower(): choice for choice in choices}, **synonyms}
    if word in by_word:
        return by_word[word]
    longer = [known for known in by_word if len(word) > 1 and (known.startswith(word) or word.startswith(known))]
    close = get_close_matches(word, by_word, n=1) or longer
    return by_word[close[0]] if close else None
