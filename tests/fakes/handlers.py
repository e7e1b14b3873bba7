"""Every handler of the bot on a store in memory."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from slack_sdk import WebClient

from handlers.app import Handlers
from handlers.buttons.acknowledge import AcknowledgeButton
from handlers.buttons.again import RecordAgainButton
from handlers.buttons.extend import ExtendButton
from handlers.buttons.layout import LayoutMenu
from handlers.buttons.links import LinksButton
from handlers.buttons.lookups import DetailsButton, NextButton
from handlers.buttons.stop import StopButton
from handlers.commands.doctor import Doctor
from handlers.commands.end_times import Ends
from handlers.commands.record import RecordCommand
from handlers.form import RecordForm
from messages.delivery.slack import Slack
from messages.form import Limits
from recordings.lifecycle.policy import Policy
from recordings.service.acknowledge import AcknowledgeService
from recordings.service.details import DetailService
from recordings.service.extend import ExtendService
from recordings.service.layout import LayoutService
from recordings.service.links import LinkService
from recordings.service.start_stop import RecordingService
from tests.fakes.access import everybody
from tests.fakes.bucket import FakeBucket
from tests.fakes.outboxes import MemoryAuditLog, MemoryOutbox
from tests.fakes.repositories import Memory, MemoryRecorders, MemoryRecordings
from tests.fakes.rows import FakeClock
from tests.fakes.slack import CARD_CONFIG


def handlers_on(memory: Memory, client: WebClient, **others: Any) -> Handlers:
    """`others`: handlers to put in the place of the usual ones."""
    store, clock = MemoryRecordings(memory), FakeClock()
    service = RecordingService(store, lambda name: None, clock, lambda: "rec1", lambda: None)
    links = LinkService(store, MemoryAuditLog(memory), lambda channel, user: True, FakeBucket(), clock, 60)
    ends = Ends(clock, lambda user: None)
    slack = Slack(client)
    usual = Handlers(
        access=everybody(),
        record=RecordCommand(service, lambda channel, told: told, ends, CARD_CONFIG.max_duration),
        doctor=Doctor(client, list, lambda: "recorder"),
        form=RecordForm(service, lambda channel, told: told, ends, slack, Limits(60, tokens=False)),
        stop=StopButton(service),
        extend=ExtendButton(ExtendService(store, Policy(), clock, lambda: None)),
        again=RecordAgainButton(service),
        layout=LayoutMenu(LayoutService(store, clock, lambda: None)),
        links=LinksButton(links),
        acknowledge=AcknowledgeButton(AcknowledgeService(MemoryOutbox(memory), clock), slack, CARD_CONFIG),
        details=DetailsButton(DetailService(store, MemoryRecorders(memory))),
        next_page=NextButton(service),
    )
    return replace(usual, **others)
