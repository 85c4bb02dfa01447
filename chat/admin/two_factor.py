"""The second factor of staff: an app that makes a code every half minute, and recovery codes for when it is lost."""

import base64
import re
from datetime import timedelta
from urllib.parse import quote

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils.timesince import timeuntil
from django.utils.translation import gettext as _
from django_otp import user_has_device, verify_token
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice, default_key

from chat.exceptions import Refused

RECOVERY_CODES = 10
APP_CODE = re.compile(r"[0-9]{6}", re.ASCII)  # recovery codes are longer

new_key = default_key
is_set_up = user_has_device


def app_setup(user, key, issuer):
    """What the app is told, as a link, which is also put into the QR code, and as letters to be typed."""
    device = TOTPDevice(user=user, key=key)
    letters = base64.b32encode(device.bin_key).decode()
    return {
        "link": f"{device.config_url}&issuer={quote(issuer)}",
        "letters": " ".join(letters[start : start + 4] for start in range(0, len(letters), 4)),
    }


@transaction.atomic
def set_up(user, key, code):
    """Ask for codes of this key from now on. Answers the device and its recovery codes; raises Refused."""
    get_user_model().objects.select_for_update().get(pk=user.pk)
    if is_set_up(user):
        raise Refused(_("You have set up a second factor already."), code="already")
    device = TOTPDevice.objects.create(user=user, name="app", key=key)
    if not device.verify_token(_tidy(code)):
        raise _wrong()
    return device, _new_recovery_codes(user)


def _new_recovery_codes(user):
    device = StaticDevice.objects.create(user=user, name="recovery codes")
    codes = [StaticToken.random_token() for _number in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create(StaticToken(device=device, token=code) for code in codes)
    return codes


def recovery_codes_left(user):
    return StaticToken.objects.filter(device__user=user).count()


def verify_code(user, code):
    """The device that takes this code, which is worth nothing afterwards. Raises Refused."""
    code = _tidy(code)
    if not code:
        raise Refused(_("Type the code that your app shows just now, or a recovery code."), code="missing")
    kind = TOTPDevice if APP_CODE.fullmatch(code) else StaticDevice
    device = kind.objects.devices_for_user(user, confirmed=True).first()
    _must_be_allowed(device)
    if device is None or not verify_token(user, device.persistent_id, code):
        raise _wrong()
    return device


def _must_be_allowed(device):
    """Each wrong code makes the wait for the next one twice as long."""
    allowed, why = device.verify_is_allowed() if device else (True, None)
    if not allowed:
        wait = timeuntil(why["locked_until"] + timedelta(minutes=1))  # "1 minute" for some seconds, rather than 0
        raise Refused(_("Too many codes were wrong. Try again in %(wait)s.") % {"wait": wait}, code="wait")


def remove(user, code):
    """Ask for codes no more. Raises Refused."""
    verify_code(user, code)
    forget(user)


@transaction.atomic
def forget(user):
    """Answers how many devices there were."""
    mine = [kind.objects.filter(user=user) for kind in (TOTPDevice, StaticDevice)]
    there_were = sum(devices.count() for devices in mine)
    for devices in mine:
        devices.delete()
    return there_were


def _tidy(code):
    """As people type it: in groups, or in capitals."""
    return re.sub(r"[\s-]", "", code).lower()


def _wrong():
    return Refused(_("This code is wrong, or was used already. Wait for the next one."), code="wrong")
