"""Shared by the browser tests: timeouts, members who post without a browser, and parts of a room's page."""

from itertools import count

import pytest

IN_TIME = 20_000  # milliseconds; the machine may be busy
EITHER_WAY = pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])

tokens = count()


def say(membership, *texts):
    """Post as a member without a browser."""
    return [membership.send(text, f"token-of-tests:{next(tokens)}") for text in texts]


def lines(visitor):
    return visitor.log.locator("#messages [data-message-body]")
