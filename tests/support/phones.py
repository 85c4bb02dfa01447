"""An authentication app for tests, with a clock that they can set."""

import base64

import pytest
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice


class Clock:
    """Sets the time that django-otp sees, so that a test need not wait for the next code."""

    now = 1_800_000_000

    def time(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr("django_otp.plugins.otp_totp.models.time", clock)
    return clock


class Phone:
    """An authentication app with a key and a clock."""

    def __init__(self, clock, key):
        self.clock, self.key = clock, key

    def code(self, later=30):
        """The code that the app shows after so many seconds; it was not used before."""
        self.clock.now += later
        totp = TOTP(self.key)
        totp.time = self.clock.now
        return f"{totp.token():06}"


def phone_of(user, clock):
    """Give this user two-factor authentication without its pages. It has one recovery code, 123456789012."""
    StaticDevice.objects.create(user=user, name="recovery codes").token_set.create(token="123456789012")
    return Phone(clock, TOTPDevice.objects.create(user=user, name="app").bin_key)


def base32(letters):
    return base64.b32decode(letters.replace(" ", ""))
