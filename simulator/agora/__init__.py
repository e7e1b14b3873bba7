"""A local Agora: Cloud Recording and channel management over HTTP, as the public documentation describes them."""

from simulator.agora.answers import ANSWERS, Answer
from simulator.agora.channels import Person
from simulator.agora.deliveries import Delivery
from simulator.agora.faults import Fault
from simulator.agora.journal import Seen
from simulator.agora.simulator import AgoraSimulator
from simulator.agora.timing import Clock, ManualClock, SystemClock, Timing
from simulator.agora.views import RecorderView

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
