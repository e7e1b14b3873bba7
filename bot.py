"""The bot: settings in, adapters plugged together, run until a signal, drain, exit.

`python bot.py` runs it; `python bot.py check` says, line by line, what is not right yet; `python bot.py audit --since
WHEN` prints who did what.
"""

from __future__ import annotations

import os
import random
import secrets
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

ENDING = (signal.SIGTERM, signal.SIGINT)
if __name__ == "__main__":
    # Waited for, and not handled: a handler runs between two steps of the interpreter, and a signal that comes right
    # before a wait would not end it. Before the imports, which take a second. Threads inherit this.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)

import structlog
from pydantic import SecretStr
from slack_bolt import App

import logs
import settings
from agora import client as agora_client
from agora import notifications, payloads, tokens, vendors
from agora.channels import check_channel_name
from agora.pacing import Pacer
from agora.transport import Answer, unheard
from bucket.locations import REQUEST_SECONDS, Place
from bucket.object_bucket import ObjectBucket, UnusableBucket
from composition import audit
from composition.running import Running
from doctor import checks, results
from doctor.bucket import Keys
from doctor.clock import AGORA, Heard
from doctor.webhook import Door
from engine import replica
from engine.bucket_checks import Looks
from engine.calls import Calls
from engine.dispatcher import Dispatcher, Lane
from engine.janitor import Janitor
from engine.leadership import Leadership
from engine.notification_steps import NoticeSteps
from engine.readiness import Readiness
from engine.recorder_steps import RecorderSteps
from engine.recording_steps import RecordingSteps
from engine.ticker import Ticker, scheduler_for
from handlers.app import SlackOverHttp, slack_app
from handlers.buttons.acknowledge import TakeButton
from handlers.buttons.extend import ExtendButton
from handlers.buttons.layout import LayoutMenu
from handlers.buttons.links import LinksButton
from handlers.buttons.lookups import DetailsButton
from handlers.commands.doctor import Doctor
from handlers.commands.end_times import Ends
from handlers.commands.record import RecordCommand
from handlers.directory import ChannelNames, Identity, People, TimeZones
from handlers.form import RecordForm
from handlers.socket_mode import Socket
from messages.cards import Frame
from messages.delivery.alerts import AlertWork
from messages.delivery.cards import CardPoster, CardWork
from messages.delivery.limits import SlackPace
from messages.delivery.replies import ReplyWork
from messages.delivery.slack import Slack, web_client
from messages.delivery.timeline import StoryWork
from messages.form import Limits
from recordings.errors import DatabaseNewer, StorageUnavailable
from recordings.lifecycle.policy import Policy
from recordings.model.recording import Recording
from recordings.ports import Bucket
from recordings.repositories import Share
from recordings.service.access import AllowedChannels, Rights
from recordings.service.acknowledge import TakingService
from recordings.service.details import DetailService
from recordings.service.extend import ExtendService
from recordings.service.layout import LayoutService
from recordings.service.links import LinkService
from recordings.service.start_stop import RecordingService
from storage.audit import Acts
from storage.database import Database
from storage.lease import Lease
from storage.repositories import Stores, stores_in
from web.app import web_app
from web.metrics import Overview, PrometheusMeter
from web.server import WebServer
from web.webhook import Webhook

_AGORA_THREADS, _SLACK_THREADS, _BUCKET_THREADS, _NOTICE_THREADS = 64, 8, 8, 4
_TOKEN_LIFE = 24 * 3600.0
_AGORA_READ_SECONDS = 14.0
"""A slow answer to `start` is worth waiting for: one that is given up leaves a recorder whose sid nobody knows."""
_WHO_IS_SECONDS = 5
"""Nobody waits so long for it, but an answer that comes late is remembered."""
_QUICK_SECONDS = 1
"""For what has to be asked of Slack before a command is answered: two such questions at most."""
_OPENING_SECONDS = 3
"""For so long a trigger can open a form."""
_DOCTOR_SLACK_SECONDS = 3
_PROBE_SECONDS = 4.0
"""For each of the four requests of a look into the bucket."""
_SHORTEST_PAUSE = 2.0
_RECORDED_ON = 3
"""Times at most: what is lost again and again needs a person."""
_TIDYING = 10
"""One request in so many, at most, looks for recorders that should be gone."""
_BOLT_READS_THESE = ("SLACK_BOT_TOKEN", "SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET")
"""Bolt looks for them by itself, and two of them switch it to OAuth without a word."""
_log = structlog.get_logger("bot")


def now() -> datetime:
    return datetime.now(UTC)


def policy_of(config: settings.Settings) -> Policy:
    """The durations that decisions depend on."""
    life = payloads.expiry_hours(config.max_duration_seconds) * 3600.0
    return Policy(
        query_interval=config.query_interval_seconds,
        start_timeout=config.start_timeout_seconds,
        failover_grace=config.failover_grace_seconds,
        retry_backoff=config.retry_backoff_seconds,
        bases=len(config.agora_api_urls),
        nothing_stored=config.nothing_stored_seconds,
        unreachable_alert=config.unreachable_alert_seconds,
        max_duration=config.max_duration_seconds,
        ending_soon=config.ending_soon_seconds,
        extension=config.extend_seconds,
        silence_alert=config.silence_alert_seconds,
        notified=config.agora_webhook_secret is not None,
        delivery_timeout=config.delivery_timeout_seconds,
        bucket_is_agoras=config.storage_read_access_key is None,
        recorder_life=_TOKEN_LIFE if config.agora_app_certificate else life,
        record_on=_RECORDED_ON if config.record_on else 0,
    )


def agora_of(
    config: settings.Settings, pacer: Pacer, heard: Callable[[Answer], None] = unheard
) -> agora_client.AgoraClient:
    """The client of Agora."""
    return agora_client.connect(
        bases=config.agora_api_urls,
        customer_id=config.agora_customer_id.get_secret_value(),
        customer_secret=config.agora_customer_secret.get_secret_value(),
        pacer=pacer,
        read_timeout=_AGORA_READ_SECONDS,
        return_after=min(60.0, max(1.0, 2 * config.query_interval_seconds)),
        tokens=tokens_of(config),
        profile=payloads.RecordingProfile(
            channel_type=payloads.ChannelType[config.agora_channel_profile.upper()],
            max_idle_seconds=config.max_idle_seconds,
            max_duration_seconds=config.max_duration_seconds,
            region=config.agora_region or "",
            encryption_mode=config.agora_encryption_mode,
            encryption_secret=_revealed(config.agora_encryption_secret),
            encryption_salt=_revealed(config.agora_encryption_salt),
        ),
        storage=storage_target(config),
        clock=now,
        heard=heard,
    )


def _pause(policy: Policy) -> float:
    """Seconds without a leader that are worth telling; a tick comes every half second at best."""
    return max(3 * policy.query_interval, _SHORTEST_PAUSE)


def tokens_of(config: settings.Settings) -> tokens.Tokens:
    return tokens.Tokens(config.agora_app_id, _revealed(config.agora_app_certificate), config.agora_token_version)


def storage_target(config: settings.Settings) -> payloads.StorageTarget:
    """The bucket as Agora numbers it."""
    vendor = vendors.parse_vendor(config.storage_vendor)
    return payloads.StorageTarget(
        vendor=vendor,
        region=vendors.parse_region(vendor, config.storage_region or "0"),
        bucket=config.storage_bucket,
        access_key=config.storage_access_key.get_secret_value(),
        secret_key=config.storage_secret_key.get_secret_value(),
        endpoint=config.storage_endpoint or "",
    )


def bucket_of(config: settings.Settings, seconds: float = REQUEST_SECONDS) -> Bucket:
    """The bucket as the bot looks into it: with the key that Agora gets, or with one that may only read."""
    key = config.storage_read_access_key or config.storage_access_key
    return _bucket(config, key, config.storage_read_secret_key or config.storage_secret_key, seconds)


def _bucket(config: settings.Settings, access_key: SecretStr, secret_key: SecretStr, seconds: float) -> Bucket:
    vendor = vendors.parse_vendor(config.storage_vendor)
    region = config.storage_region or ""
    named = vendors.region_name(vendor, vendors.parse_region(vendor, region)) if vendors.has_regions(vendor) else region
    elsewhere = config.storage_endpoint is not None
    try:
        place = Place(
            vendor="s3" if elsewhere else vendors.vendor_name(vendor),
            region=named,
            bucket=config.storage_bucket,
            access_key=access_key.get_secret_value(),
            secret_key=secret_key.get_secret_value(),
            endpoint=config.storage_endpoint or "",
        )
        return ObjectBucket(place, now, seconds=seconds)
    except ValueError as error:
        return UnusableBucket(config.storage_bucket, str(error))


def _check_region(vendor: str, region: str) -> None:
    vendors.parse_region(vendors.parse_vendor(vendor), region)


def _revealed(secret: SecretStr | None) -> str:
    return "" if secret is None else secret.get_secret_value()


def _folders(recording: Recording) -> tuple[str, ...]:
    return payloads.file_name_prefix(recording.slack_channel, recording.requested_at.date())


def _folder(config: settings.Settings) -> Callable[[Recording], str]:
    """Where a recording's files are: bucket and folders."""
    return lambda recording: "/".join((config.storage_bucket, *_folders(recording)))


def compose(config: settings.Settings) -> Running:
    """Every part, plugged together; nothing runs yet."""
    policy = policy_of(config)
    database = Database(config.database_url.get_secret_value())
    stores = stores_in(database)
    lease = Lease(database, replica.name(), replica.was_killed)
    leadership = Leadership(lease, config.lease_seconds, database.clock, time.monotonic, _pause(policy))

    slack = web_client(config.slack_bot_token.get_secret_value(), config.slack_api_url)
    identity = Identity(slack)
    pacer = Pacer(config.agora_qps)
    meter = PrometheusMeter(
        lambda: overview_of(stores, leadership, connection, pacer, policy.query_interval + dispatcher.behind)
    )
    bucket = bucket_of(config)
    lanes = lanes_of(config, policy, stores, Slack(slack), bucket, identity, pacer, meter)
    dispatcher = Dispatcher(lanes, leadership.epoch, now, meter)
    ticker = Ticker(leadership, dispatcher, stores.recordings, stores.troubles, stores.notices, policy, now)

    links = LinkService(stores.acts, Slack(slack).is_member, bucket, now, config.link_ttl_seconds)
    doctor = doctor_of(config, database, pacer, identity)
    app = app_of(config, stores, dispatcher, links, doctor, rights_of(config, identity))
    connection = None if config.slack_app_token is None else Socket(app, config.slack_app_token.get_secret_value())
    readiness = Readiness(identity, connection, ticker, dispatcher, policy.query_interval)
    over_http = None if config.slack_signing_secret is None else SlackOverHttp(app)
    web = web_app(readiness, over_http, meter.text, webhook_of(config, stores, dispatcher, meter))
    server = WebServer(web, config.http_host, config.http_port)
    return Running(database, dispatcher, leadership, scheduler_for(ticker.tick), identity, connection, server)


def lanes_of(
    config: settings.Settings,
    policy: Policy,
    stores: Stores,
    slack: Slack,
    bucket: Bucket,
    identity: Identity,
    pacer: Pacer,
    meter: PrometheusMeter,
) -> tuple[Lane, ...]:
    """The kinds of work that the leader does, each with its threads."""
    pace = SlackPace()
    frame = Frame(policy.max_duration, _folder(config), policy.extension)
    poster = CardPoster(slack, pace, now, frame)
    rng = random.SystemRandom()
    calls = Calls(agora_of(config, pacer), stores.recorders, _folders, now, rng, meter)

    looks = Looks(bucket, _folders, meter)

    def steps(share: Share) -> RecordingSteps:
        return RecordingSteps(stores.recordings, stores.recorders, calls, looks, poster, policy, now, rng.random, share)

    agora_pool, watch_pool = ThreadPoolExecutor(_AGORA_THREADS, "agora"), ThreadPoolExecutor(_AGORA_THREADS, "watch")
    notice_pool = ThreadPoolExecutor(_NOTICE_THREADS, "notice")
    slack_pool, bucket_pool = ThreadPoolExecutor(_SLACK_THREADS, "slack"), ThreadPoolExecutor(_BUCKET_THREADS, "bucket")
    return (
        # Before the notices, of which a burst would else hold them up. What is asked for comes after: a notice may tell
        # the sid of a start whose answer was lost.
        Lane(steps(Share.WATCHED), watch_pool, pacer.room),
        Lane(NoticeSteps(stores.notices, stores.recordings, policy, now), notice_pool),
        Lane(steps(Share.ASKED), agora_pool),
        Lane(steps(Share.LOOKED_FOR), bucket_pool),
        Lane(RecorderSteps(stores.recorders, calls, policy, now, rng.random), agora_pool),
        Lane(Janitor(stores.recorders, calls, now, timedelta(seconds=_TIDYING * pacer.gap)), agora_pool),
        Lane(AlertWork(stores.outbox, slack, pace, now, frame.folder, meter, policy.extension), slack_pool),
        Lane(StoryWork(stores.story, slack, pace, now), slack_pool),
        Lane(CardWork(stores.recordings, slack, pace, poster, now, frame), slack_pool),
        Lane(ReplyWork(stores.recordings, slack, lambda: identity.bot.name, now), slack_pool),
    )


def rights_of(config: settings.Settings, identity: Identity) -> Rights:
    """Who may start and stop recordings, and get links."""
    token = config.slack_bot_token.get_secret_value()
    people = People(web_client(token, config.slack_api_url, seconds=_WHO_IS_SECONDS), time.monotonic)
    return Rights(config.allow_guests, people, lambda: identity.bot.home)


def app_of(
    config: settings.Settings,
    stores: Stores,
    dispatcher: Dispatcher,
    links: LinkService,
    doctor: Doctor,
    rights: Rights,
) -> App:
    """What listens to Slack."""
    token = config.slack_bot_token.get_secret_value()
    allowed = AllowedChannels(config.allowed_agora_channels or ())

    def check_name(name: str, /) -> None:
        check_channel_name(name)
        allowed.check(name)

    service = RecordingService(stores.recordings, check_name, now, lambda: secrets.token_hex(6), dispatcher.wake)
    quick = web_client(token, config.slack_api_url, seconds=_QUICK_SECONDS)
    names, ends = ChannelNames(quick), Ends(now, TimeZones(quick))
    opener = Slack(web_client(token, config.slack_api_url, seconds=_OPENING_SECONDS))
    extend = ExtendService(stores.recordings, policy_of(config), now, dispatcher.wake)
    client = web_client(None, config.slack_api_url)
    return slack_app(
        client,
        token,
        RecordCommand(service, names, ends, config.max_duration_seconds),
        doctor,
        service,
        LinksButton(links),
        rights,
        ExtendButton(extend),
        DetailsButton(DetailService(stores.recordings, stores.recorders)),
        TakeButton(TakingService(stores.outbox, now), Slack(web_client(token, config.slack_api_url)), _folder(config)),
        RecordForm(
            service, names, ends, opener, Limits(config.max_duration_seconds, bool(config.agora_app_certificate))
        ),
        LayoutMenu(LayoutService(stores.recordings, now, dispatcher.wake)),
        _revealed(config.slack_signing_secret),
    )


def webhook_of(
    config: settings.Settings, stores: Stores, dispatcher: Dispatcher, meter: PrometheusMeter
) -> Webhook | None:
    """What listens to Agora; nothing where its notifications have no secret."""
    secret = _revealed(config.agora_webhook_secret)
    if not secret:
        return None
    return Webhook(
        lambda body, v1, v2: notifications.signature_fits(secret, body, v1, v2),
        lambda body: notifications.read(body, now()),
        stores.notices.keep,
        dispatcher.wake,
        meter,
    )


def doctor_of(config: settings.Settings, database: Database, pacer: Pacer, identity: Identity) -> Doctor:
    """What `/record doctor` looks at. It leaves the tables alone: those of a bot that runs are there."""
    parts = parts_of(config, database, pacer)
    client = web_client(config.slack_bot_token.get_secret_value(), config.slack_api_url, seconds=_DOCTOR_SLACK_SECONDS)
    return Doctor(client, lambda: found_of(config, parts, database.check_tables), lambda: identity.bot.name)


def parts_of(config: settings.Settings, database: Database, pacer: Pacer) -> checks.Parts:
    """What has to be right before the first recording."""
    heard = Heard(now)
    writer = _bucket(config, config.storage_access_key, config.storage_secret_key, _PROBE_SECONDS)
    return checks.Parts(
        database=database,
        max_recorders=config.max_recorders,
        slack=web_client(config.slack_bot_token.get_secret_value(), config.slack_api_url),
        app_token=_revealed(config.slack_app_token),
        agora=agora_of(config, pacer, lambda answer: heard.answer(AGORA, answer.headers)),
        tokens=tokens_of(config),
        profile=config.agora_channel_profile,
        storage=storage_target(config),
        bucket=Keys(writer, bucket_of(config, _PROBE_SECONDS), config.storage_read_access_key is not None),
        door=Door(_revealed(config.agora_webhook_secret), config.public_url or "", now),
        heard=heard,
        clock=now,
    )


def found_of(config: settings.Settings, parts: checks.Parts, tables: Callable[[], None]) -> list[results.Line]:
    """The lines of a look at everything; what somebody else said may repeat a secret, which is taken out."""
    redact = logs.Redaction(settings.secret_values(config), patterns=())
    return [replace(line, found=redact(line.found)) for line in checks.lines(parts, tables)]


def overview_of(
    stores: Stores, leadership: Leadership, connection: Socket | None, pacer: Pacer, query_interval: float
) -> Overview:
    """How things stand. Raises `StorageUnavailable`."""
    at = now()
    due_at = next((moment for _, moment in stores.recordings.due(1)), at)
    waiting, raised_at = stores.outbox.depth()
    notices, received_at = stores.notices.depth()
    return Overview(
        recordings=stores.recordings.by_state(),
        oldest_due=max(0.0, (at - due_at).total_seconds()),
        outbox=waiting,
        outbox_age=(at - (raised_at or at)).total_seconds(),
        leading=leadership.epoch() is not None,
        connected=connection is None or connection.connected,
        query_interval=query_interval,
        agora_queue=pacer.queued,
        agora_allowed=pacer.qps,
        notices_waiting=notices,
        notices_age=(at - (received_at or at)).total_seconds(),
    )


def run(config: settings.Settings) -> int:
    """Runs until SIGTERM or SIGINT; the exit code."""
    running = compose(config)
    refused: list[DatabaseNewer] = []

    def start() -> None:
        try:
            running.start()
        except DatabaseNewer as error:
            refused.append(error)
            os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=start, name="start", daemon=True).start()
    number = signal.sigwait(ENDING)
    if refused:
        print(f"DATABASE_URL can't be used: {refused[0]}.", file=sys.stderr)
        return 1
    _log.info("signal", number=number)
    running.stop()
    _log.info("stopped")
    return 0


def main(arguments: Sequence[str]) -> int:
    if list(arguments[:1]) == ["audit"]:
        return audit_with(arguments[1:])
    if list(arguments) not in ([], ["check"]):
        print(f"usage: bot.py [check]\n       {audit.USAGE}", file=sys.stderr)
        return 2
    try:
        config = settings.load(checks={"vendor": vendors.parse_vendor, "region": _check_region})
    except settings.SettingsError as error:
        return results.report_settings(error.lines) if arguments else _refuse(error.lines)
    logs.configure(config.log_level, config.log_format, settings.secret_values(config))
    for name in _BOLT_READS_THESE:
        os.environ.pop(name, None)
    if arguments:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
        return check(config)
    return run(config)


def check(config: settings.Settings) -> int:
    """`bot.py check`: makes the tables, where they are not there yet, and prints what is found; the exit code."""
    database = Database(config.database_url.get_secret_value())
    parts = parts_of(config, database, Pacer(config.agora_qps))
    return results.report(found_of(config, parts, database.migrate))


def audit_with(arguments: Sequence[str]) -> int:
    """`bot.py audit`: prints who did what; needs the database alone, and changes nothing there. The exit code."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
    try:
        asked = audit.asked(arguments, now())
        url = settings.load_database_url()
    except audit.Usage as error:
        return _refuse([*([str(error)] if str(error) else []), f"usage: {audit.USAGE}"])
    except settings.SettingsError as error:
        return _refuse(error.lines)
    database = Database(url.get_secret_value())
    try:
        database.check_there()
        database.check_tables()
        found = Acts(database).between(asked.since, asked.until)
    except (StorageUnavailable, DatabaseNewer) as error:
        redact = logs.Redaction(settings.database_passwords(url), patterns=())
        print(f"DATABASE_URL can't be read: {redact(' '.join(str(error).split()))}", file=sys.stderr)
        return 1
    return audit.write(found, sys.stdout, as_csv=asked.as_csv)


def _refuse(lines: Sequence[str]) -> int:
    for line in lines:
        print(line, file=sys.stderr)
    return 2


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads that hang in a call to Agora or Slack must not keep the process: what they were doing is in the rows.
    os._exit(code)
