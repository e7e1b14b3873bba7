"""The engine: each kind of work that the leader does, with its threads."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from agora.client import AgoraClient
from agora.pacing import RequestPacing
from composition.agora import folders_of
from composition.slack import message_config_of
from engine.bucket_checks import BucketChecks
from engine.calls import AgoraCalls
from engine.dispatcher import Work, Worker
from engine.janitor import Janitor
from engine.notification_steps import NotificationSteps
from engine.recorder_steps import RecorderSteps
from engine.recording_steps import RecordingSteps
from handlers.directory import Identity
from messages.delivery.alerts import AlertDelivery
from messages.delivery.cards import CardDelivery, CardPoster
from messages.delivery.deliverer import Deliverer
from messages.delivery.limits import SlackLimits
from messages.delivery.replies import ReplyDelivery
from messages.delivery.resolutions import ResolutionDelivery
from messages.delivery.slack import Slack
from messages.delivery.timeline import TimelineDelivery
from recordings.lifecycle.policy import Policy
from recordings.ports import Bucket, Clock, Meter
from recordings.repositories import Queue, Repositories
from settings import Settings

_AGORA_THREADS, _SLACK_THREADS, _BUCKET_THREADS, _NOTIFICATION_THREADS = 64, 8, 8, 4
_JANITOR_SHARE = 10
"""The janitor makes at most one request in this many."""


@dataclass(frozen=True, slots=True)
class EngineParts:
    """The parts that the engine's work uses."""

    config: Settings
    policy: Policy
    repositories: Repositories
    agora: AgoraClient
    pacing: RequestPacing
    bucket: Bucket
    slack: Slack
    identity: Identity
    clock: Clock
    meter: Meter
    rng: random.Random
    """For uids, and for spreading queries and retries over time."""


def workers_of(parts: EngineParts) -> tuple[Worker, ...]:
    """Every kind of work, most urgent first."""
    poster = CardPoster(
        parts.slack, SlackLimits(parts.clock), parts.clock, message_config_of(parts.config, parts.policy)
    )
    to_slack = ThreadPoolExecutor(_SLACK_THREADS, "slack")
    return *_recording_workers(parts, poster), *(Worker(work, to_slack) for work in _deliverers(parts, poster))


def _recording_workers(parts: EngineParts, poster: CardPoster) -> tuple[Worker, ...]:
    """Work that calls Agora or reads the bucket."""
    policy, repositories, clock, rng = parts.policy, parts.repositories, parts.clock, parts.rng
    calls = AgoraCalls(parts.agora, repositories.recorders, folders_of, clock, rng, parts.meter)
    checks = BucketChecks(parts.bucket, folders_of, clock, parts.meter)

    def steps(queue: Queue) -> RecordingSteps:
        return RecordingSteps(
            repositories.recordings, repositories.recorders, calls, checks, poster, policy, clock, rng.random, queue
        )

    polling, interactive = ThreadPoolExecutor(_AGORA_THREADS, "poll"), ThreadPoolExecutor(_AGORA_THREADS, "agora")
    notified = ThreadPoolExecutor(_NOTIFICATION_THREADS, "notification")
    to_bucket = ThreadPoolExecutor(_BUCKET_THREADS, "bucket")
    stagger = timedelta(seconds=_JANITOR_SHARE * parts.pacing.gap)
    return (
        # Polls come before notifications: a burst of these would hold them up. Interactive work comes after both:
        # a notification may carry the sid of a start whose answer was lost.
        Worker(steps(Queue.POLL), polling, parts.pacing.room),
        Worker(NotificationSteps(repositories.notifications, repositories.recordings, policy, clock), notified),
        Worker(steps(Queue.INTERACTIVE), interactive),
        Worker(steps(Queue.DELIVERY), to_bucket),
        Worker(RecorderSteps(repositories.recorders, calls, policy, clock, rng.random), interactive),
        Worker(Janitor(repositories.recorders, calls, clock, stagger), interactive),
    )


def _deliverers(parts: EngineParts, poster: CardPoster) -> tuple[Work, ...]:
    """Everything that is delivered to Slack, most urgent first. All kinds share the rate limits."""
    repositories, clock, slack, limits = parts.repositories, parts.clock, parts.slack, poster.limits
    return (
        Deliverer(AlertDelivery(repositories.alerts, slack, limits, clock, poster.config, parts.meter)),
        Deliverer(ResolutionDelivery(repositories.alerts, slack, limits, clock, poster.config)),
        Deliverer(TimelineDelivery(repositories.timeline, slack, limits, clock)),
        Deliverer(CardDelivery(repositories.recordings, poster)),
        Deliverer(
            ReplyDelivery(
                repositories.recordings,
                slack,
                lambda: parts.identity.bot.name,
                clock,
                poster.config.support_contact,
            )
        ),
    )
