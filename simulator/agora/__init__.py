"""A local Agora: Cloud Recording and channel management over HTTP, as the public documentation describes them."""

from simulator.agora.http.answers import ANSWERS, Answer
from simulator.agora.http.faults import Fault
from simulator.agora.http.request_log import LoggedRequest
from simulator.agora.notifications.delivery_queue import Delivery
from simulator.agora.notifications.webhook import WebhookRequest
from simulator.agora.options import AgoraOptions
from simulator.agora.server import AgoraServer
from simulator.agora.simulator import AgoraSimulator
from simulator.agora.state.channels import Person
from simulator.agora.state.views import RecorderView
from simulator.agora.timing import Timing
from simulator.clock import Clock, ManualClock, SystemClock

__all__ = [
    "ANSWERS",
    "AgoraOptions",
    "AgoraServer",
    "AgoraSimulator",
    "Answer",
    "Clock",
    "Delivery",
    "Fault",
    "LoggedRequest",
    "ManualClock",
    "Person",
    "RecorderView",
    "SystemClock",
    "Timing",
    "WebhookRequest",
]
