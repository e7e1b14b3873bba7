"""Every test has a stack of its own."""

from __future__ import annotations

import pytest

from tests.unit.messages.delivery.stack import DeliveryStack


@pytest.fixture
def stack() -> DeliveryStack:
    return DeliveryStack()
