"""The composition root: builds every part from the settings and plugs them together. Importing it starts nothing."""

from __future__ import annotations

import random
from collections.abc import Sequence

from agora.pacing import RequestPacing
from composition.agora import agora_of
from composition.bucket import reading_bucket
from composition.clock import SystemClock
from composition.doctor import doctor_of, installation_of
from composition.engine import EngineParts, workers_of
from composition.policy import policy_of
from composition.running import Running
from composition.slack import SlackParts, app_of, handlers_of, slack_clients
from composition.web import overview_of, webhook_of
from engine import replica
from engine.dispatcher import Dispatcher
from engine.leadership import Leadership
from engine.readiness import Readiness
from engine.rounds import Rounds
from engine.ticker import Ticker, scheduler_for
from handlers.app import SlackOverHttp
from handlers.directory import Identity
from handlers.socket_mode import SocketConnection
from messages.delivery.slack import Slack
from recordings.lifecycle.policy import Policy
from settings import Settings
from storage.database import Database
from storage.lease import Lease
from storage.repositories import repositories_in
from web.app import web_app
from web.metrics import PrometheusMeter
from web.server import WebServer

_SHORTEST_PAUSE = 2.0
"""Seconds without a leader that no rare tick explains: a tick comes every half second at best."""


def compose(config: Settings, misspelled: Sequence[str] = ()) -> Running:
    """Builds a bot with these settings; nothing runs before `Running.start`.

    `misspelled`: what `/record doctor` says about names that are almost settings.
    """
    clock, policy = SystemClock(), policy_of(config)
    pacing = RequestPacing(config.agora_qps, clock)
    database = Database(config.database_url.get_secret_value())
    repositories = repositories_in(database)
    lease = Lease(database, replica.replica_name(), replica.is_dead)
    leadership = Leadership(lease, config.lease_seconds, database.clock, clock, _pause_worth_reporting(policy))
    clients, bucket = slack_clients(config), reading_bucket(config, clock)
    identity = Identity(clients.work)
    meter = PrometheusMeter()

    agora = agora_of(config, pacing, clock)
    rng = random.SystemRandom()
    engine = EngineParts(
        config, policy, repositories, agora, pacing, bucket, Slack(clients.work), identity, clock, meter, rng
    )
    dispatcher = Dispatcher(workers_of(engine), leadership.epoch, clock, meter)
    ticker = Ticker(leadership, dispatcher, Rounds(repositories, policy, clock), clock)

    installation = installation_of(config, database, pacing, clients, clock, misspelled)
    doctor = doctor_of(config, clients, installation, identity)
    slack = SlackParts(config, policy, clients, identity, repositories, bucket, clock, dispatcher.wake)
    app = app_of(config, clients, handlers_of(slack, doctor))
    socket = (
        None if config.slack_app_token is None else SocketConnection(app, config.slack_app_token.get_secret_value())
    )

    meter.add_gauges(
        lambda: overview_of(
            repositories, leadership, socket, pacing, clock, policy.query_interval + dispatcher.poll_lag
        )
    )
    web = web_app(
        Readiness(identity, socket, ticker, dispatcher, policy.query_interval, clock),
        None if config.slack_signing_secret is None else SlackOverHttp(app),
        meter.text,
        webhook_of(config, repositories, dispatcher, clock, meter),
    )
    server = WebServer(web, config.http_host, config.http_port)
    return Running(server, identity, database, socket, dispatcher, scheduler_for(ticker.tick), leadership)


def _pause_worth_reporting(policy: Policy) -> float:
    """Seconds without a leader after which the channels read that their recordings were not watched."""
    return max(3 * policy.query_interval, _SHORTEST_PAUSE)
