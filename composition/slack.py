"""Slack: clients with their timeouts, and the handlers of incoming requests."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from slack_bolt import App
from slack_sdk import WebClient

from agora.channels import check_channel_name
from composition.agora import revealed
from composition.bucket import folder_of
from handlers.app import Handlers, slack_app
from handlers.buttons.acknowledge import AcknowledgeButton
from handlers.buttons.again import RecordAgainButton
from handlers.buttons.extend import ExtendButton
from handlers.buttons.layout import LayoutMenu, LayoutOption
from handlers.buttons.links import LinksButton
from handlers.buttons.lookups import DetailsButton, LocationOption, NextPageButton, OptionsButton
from handlers.buttons.stop import StopButton
from handlers.commands.doctor import DoctorCommand
from handlers.commands.end_times import EndTimes
from handlers.commands.record import RecordCommand
from handlers.directory import ChannelNames, Identity, Profiles, TimeZones
from handlers.form import RecordForm
from messages.config import DEFAULT_CONTACT, MessageConfig
from messages.delivery.slack import Slack, web_client
from messages.form import Limits
from recordings.lifecycle.policy import Policy
from recordings.ports import Bucket, Clock, Wake
from recordings.repositories import Repositories
from recordings.service.access import Access, ChannelRules
from recordings.service.acknowledge import AcknowledgeService
from recordings.service.details import DetailService
from recordings.service.extend import ExtendService
from recordings.service.layout import LayoutService
from recordings.service.links import LinkService
from recordings.service.start_stop import RecordingService
from settings import Settings


@dataclass(frozen=True, slots=True)
class SlackClients:
    """One client for each timeout."""

    work: WebClient
    """Posts and edits messages: 8 s, as the engine can wait."""
    profiles: WebClient
    """Looks up profiles. A request waits 1 s of these 5 s at most; a later answer is remembered for the next one."""
    quick: WebClient
    """Calls before a command is acknowledged: 1 s each, two at most."""
    opening: WebClient
    """Opens the form: a trigger is valid for 3 s."""
    doctor: WebClient
    """3 s: the doctor reports a slower Slack as slow."""
    bolt: WebClient
    """Has no token: Bolt sets one for each request."""


def slack_clients(config: Settings) -> SlackClients:
    token, url = config.slack_bot_token.get_secret_value(), config.slack_api_url
    return SlackClients(
        work=web_client(token, url),
        profiles=web_client(token, url, seconds=5),
        quick=web_client(token, url, seconds=1),
        opening=web_client(token, url, seconds=3),
        doctor=web_client(token, url, seconds=3),
        bolt=web_client(None, url),
    )


@dataclass(frozen=True, slots=True)
class SlackParts:
    """What the handlers need from other builders."""

    config: Settings
    policy: Policy
    clients: SlackClients
    identity: Identity
    repositories: Repositories
    bucket: Bucket
    clock: Clock
    wake: Wake


def handlers_of(parts: SlackParts, doctor: DoctorCommand) -> Handlers:
    config, policy, clock, wake = parts.config, parts.policy, parts.clock, parts.wake
    repositories = parts.repositories
    recordings = repositories.recordings
    access = Access(
        config.allow_guests,
        Profiles(parts.clients.profiles, clock),
        lambda: parts.identity.bot.home,
        ChannelRules(config.allowed_agora_channels or ()),
    )
    service = RecordingService(recordings, access, check_channel_name, clock, lambda: secrets.token_hex(6), wake)
    work, quick = Slack(parts.clients.work), parts.clients.quick
    names, end_times = ChannelNames(quick), EndTimes(clock, TimeZones(quick))
    limits, texts = Limits(config.max_duration_seconds), message_config_of(config, policy)
    links = LinkService(
        recordings, repositories.audit_log, work.is_member, parts.bucket, clock, config.link_ttl_seconds
    )

    def bot_name() -> str:
        return parts.identity.bot.name

    return Handlers(
        access=access,
        config=texts,
        record=RecordCommand(service, names, end_times, texts, bot_name),
        doctor=doctor,
        form=RecordForm(
            service, names, end_times, Slack(parts.clients.opening), limits, bot_name, texts.support_contact
        ),
        stop=StopButton(service),
        extend=ExtendButton(ExtendService(recordings, policy, clock, wake)),
        again=RecordAgainButton(service, texts, names, bot_name),
        layout=LayoutMenu(LayoutService(recordings, clock, wake)),
        layout_option=LayoutOption(service),
        links=LinksButton(links, texts),
        acknowledge=AcknowledgeButton(AcknowledgeService(repositories.alerts, clock), work, texts),
        details=DetailsButton(DetailService(recordings, repositories.recorders), texts),
        location=LocationOption(service, texts),
        next_page=NextPageButton(service),
        options=OptionsButton(texts),
    )


def message_config_of(config: Settings, policy: Policy) -> MessageConfig:
    return MessageConfig(
        policy.max_duration,
        folder_of(config),
        policy.extension,
        policy.query_interval,
        config.support_contact or DEFAULT_CONTACT,
        config.runbook_url or "",
        policy.failover_grace,
        policy.max_resumes,
    )


def app_of(config: Settings, clients: SlackClients, handlers: Handlers) -> App:
    token, secret = config.slack_bot_token.get_secret_value(), revealed(config.slack_signing_secret)
    return slack_app(clients.bolt, token, secret, handlers)
