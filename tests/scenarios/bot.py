"""The bot of a scenario: what `composition.compose` builds, in one thread and without a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from slack_bolt import App
from slack_bolt.request import BoltRequest

import settings
from agora.client import AgoraClient
from agora.pacing import RequestPacing
from composition.agora import profile_of, storage_target, tokens_of
from composition.engine import EngineParts, workers_of
from composition.policy import policy_of
from composition.slack import SlackClients, SlackParts, app_of, handlers_of
from composition.web import webhook_of
from engine.dispatcher import Worker
from engine.leadership import Leadership
from engine.readiness import Readiness
from engine.rounds import Rounds
from engine.ticker import Ticker
from handlers.commands.doctor import DoctorCommand
from handlers.directory import Bot, Identity
from messages.delivery.slack import Slack
from recordings.errors import StorageUnavailable
from simulator.agora import WebhookRequest
from simulator.slack import Ack, Delivery
from tests.scenarios.adapters import BotClock, InlineExecutor, InProcessClient, InProcessTransport
from web.app import web_app
from web.metrics import PrometheusMeter

if TYPE_CHECKING:
    from tests.scenarios.stack import Stack

IDLE_SECONDS = 4.0
"""The longest time without a tick: the lease has to be renewed, and incidents to be looked for."""


@dataclass
class NoThreads:
    """The part of a dispatcher that the ticker and the handlers use: the scenario runs what is due."""

    behind: float = 0.0
    poll_lag: float = 0.0
    last_progress_at: float = float("inf")

    def wake(self) -> None:
        return None


class InProcessBot:
    """What `composition.compose` builds, for one thread."""

    def __init__(self, config: settings.Settings, stack: Stack) -> None:
        self._stack = stack
        self.config = config
        self.policy = policy_of(config)
        self.clock = BotClock(stack.clock)
        self.meter = PrometheusMeter()
        self.repositories = stack.storage.repositories(self.clock)
        dispatcher: Any = NoThreads()
        lease = stack.storage.lease(f"bot started at {stack.clock.now}")
        self.leadership = Leadership(
            lease, config.lease_seconds, self.clock.now, self.clock, 3 * self.policy.query_interval
        )
        rounds = Rounds(self.repositories, self.policy, self.clock)
        self.ticker = Ticker(self.leadership, dispatcher, rounds, self.clock)
        client = InProcessClient(stack.slack, config.slack_bot_token.get_secret_value())
        self.client, self.identity = client, Identity(client)
        identity = self.identity
        self._identify()
        self.transport = InProcessTransport(stack.agora)
        agora = AgoraClient(self.transport, tokens_of(config), profile_of(config), storage_target(config), self.clock)
        pacing = RequestPacing(config.agora_qps, self.clock)
        engine = EngineParts(
            config,
            self.policy,
            self.repositories,
            agora,
            pacing,
            stack.bucket,
            Slack(client),
            identity,
            self.clock,
            self.meter,
            stack.rng,
        )
        self.workers: tuple[Worker, ...] = workers_of(engine)
        clients = SlackClients(client, client, client, client, client, InProcessClient(stack.slack, None))
        parts = SlackParts(
            config, self.policy, clients, identity, self.repositories, stack.bucket, self.clock, dispatcher.wake
        )
        handlers = handlers_of(parts, DoctorCommand(client, list, lambda: identity.bot.name))
        self.app: App = app_of(config, clients, handlers)
        self.app.listener_runner.listener_executor = InlineExecutor()
        webhook = webhook_of(config, self.repositories, dispatcher, self.clock, self.meter)
        readiness = Readiness(identity, None, self.ticker, dispatcher, self.policy.query_interval, self.clock)
        self.web = web_app(readiness, metrics=self.meter.text, webhook=webhook).test_client()
        self._look_at = float("-inf")
        self._running = False

    def _identify(self) -> None:
        """Asks Slack for the bot user; until Slack has answered, that is repeated."""
        try:
            self.identity.bot, self.identity.problem = _asked(self.client), ""
        except OSError as error:
            self.identity.problem = type(error).__name__

    def deliver(self, delivery: Delivery) -> Ack | None:
        """Slack's requests, as Socket Mode hands them to Bolt."""
        response = self.app.dispatch(BoltRequest(body=delivery.payload, mode="socket_mode"))
        (content_type, *_) = response.headers.get("content-type") or ["application/json"]
        return Ack.of_http(response.status, response.body or "", content_type)

    def run_due(self) -> None:
        """Everything that is due now, until nothing is. What people do during a call waits until it has returned."""
        if self._running:
            return
        self._running = True
        try:
            self._run_due()
        finally:
            self._running = False

    def _run_due(self) -> None:
        self._outside()
        if not self._stack.changed and self.clock.monotonic() < self._look_at:
            return
        self._stack.changed = False
        if self.identity.problem:
            self._identify()
        self.ticker.tick()
        assert self._stack.database_fails or not self.ticker.problem, self.ticker.problem
        try:
            while self._run_once():
                self._outside()
        except StorageUnavailable:
            if not self._stack.database_fails:
                raise
        self._look_at = self.clock.monotonic() + self._idle_seconds()

    def _outside(self) -> None:
        """What the rest of the world does by itself."""
        if self._stack.bucket.simulator is not None:
            self._stack.agora.upload_due()
            self._stack.bucket.note_stored()
        self._stack.agora.deliver_due(self._receive)
        self._stack.slack.retry_events()

    def _receive(self, request: WebhookRequest) -> tuple[int | None, str]:
        self._stack.changed = True
        answer = self.web.post("/agora/webhook", data=request.body, headers=dict(request.headers))
        return answer.status_code, answer.text

    def _run_once(self) -> bool:
        epoch = self.leadership.epoch()
        if epoch is None:
            return False
        ran = False
        for worker in self.workers:
            for key in [key for key, at in worker.work.due() if at <= self.clock.now()]:
                worker.work.run(key, epoch)
                ran = True
        return ran

    def _idle_seconds(self) -> float:
        """How long nothing is due."""
        due = [at for worker in self.workers for _, at in worker.work.due()]
        until = (min(due) - self.clock.now()).total_seconds() if due else IDLE_SECONDS
        return min(until, IDLE_SECONDS)


def _asked(client: InProcessClient) -> Bot:
    answer = client.auth_test()
    return Bot(str(answer["user_id"]), str(answer["user"]), frozenset({str(answer["team_id"])}))
