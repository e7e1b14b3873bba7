"""A local Agora: Cloud Recording and channel management over HTTP, as the public documentation describes them."""

from simulator.agora.http.answers import ANSWERS, Answer
from simulator.agora.http.faults import Fault
from simulator.agora.http.request_log import Seen
from simulator.agora.notifications.delivery_queue import Delivery
from simulator.agora.simulator import AgoraSimulator
from simulator.agora.state.channels import Person
from simulator.agora.state.views import RecorderView
from simulator.agora.timing import Clock, ManualClock, SystemClock, Timing

__all__ = [
    "ANSWERS",
    "AgoraSimulator",
    "Answer",
    "Clock",
    "Delivery",
    "Fault",
    "ManualClock",
    "Person",
    "RecorderView",
    "Seen",
    "SystemClock",
    "Timing",
]
