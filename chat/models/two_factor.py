"""Two-factor authentication of accounts: codes from an authentication app, and recovery codes."""

import base64
import re
import secrets
from urllib.parse import quote

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils.translation import gettext as _
from django_otp import user_has_device, verify_token
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice, default_key

from chat.exceptions import Refused
from chat.models.user import User

RECOVERY_CODES = 10
RECOVERY_DIGITS = 12  # digits only, which phones can type where they expect a code
APP_CODE = re.compile(r"[0-9]{6}", re.ASCII)  # recovery codes are longer

new_key = default_key
is_set_up = user_has_device


def app_setup(user: User, key: str, issuer: str) -> dict[str, str]:
    """Return the secret for an authentication app in two forms: `link` for the QR code, and `letters` to type."""
    device = TOTPDevice(user=user, key=key)
    letters = base64.b32encode(device.bin_key).decode()
    return {"link": f"{device.config_url}&issuer={quote(issuer)}", "letters": _in_fours(letters)}


def _in_fours(text: str) -> str:
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def check_may_sign_in(user: User) -> None:
    """Raise Refused for a site admin who still has to set up two-factor authentication, if TWO_FACTOR requires it."""
    if settings.TWO_FACTOR == "required" and user.is_staff and not is_set_up(user):
        sentence = _(
            "Site admins need two-factor authentication here. Sign in to the admin first, and set it up there."
        )
        raise Refused(sentence, code="required")


@transaction.atomic
def set_up(user: User, key: str, code: str) -> tuple[TOTPDevice, list[str]]:
    """Turn on two-factor authentication with this secret key of an authentication app, if `code` fits it.

    Returns the device and its recovery codes. All sessions end, because they began without a code; the caller signs
    this browser in again. Raises Refused if the code is wrong or it is on already.
    """
    get_user_model().objects.select_for_update().get(pk=user.pk)
    if is_set_up(user):
        raise Refused(_("Two-factor authentication is set up already."), code="already")
    device = TOTPDevice.objects.create(user=user, name="app", key=key)
    if not device.verify_token(_normalize_code(code)):
        raise _wrong()
    if participant := getattr(user, "participant", None):
        participant.sign_out_everywhere()
    return device, _new_recovery_codes(user)


def _new_recovery_codes(user: User) -> list[str]:
    device = StaticDevice.objects.create(user=user, name="recovery codes")
    codes = [f"{secrets.randbelow(10**RECOVERY_DIGITS):0{RECOVERY_DIGITS}}" for _number in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create(StaticToken(device=device, token=code) for code in codes)
    return [_in_fours(code) for code in codes]


def recovery_codes_left(user: User) -> int:
    return StaticToken.objects.filter(device__user=user).count()


def verify_code(user: User, code: str) -> Device:
    """Check this code, use it up and return its 2FA device. Raises Refused if the code is missing or wrong."""
    code = _normalize_code(code)
    if not code:
        raise Refused(_("Enter the current code from your app, or a recovery code."), code="missing")
    kind = TOTPDevice if APP_CODE.fullmatch(code) else StaticDevice
    device: Device | None = kind.objects.devices_for_user(user, confirmed=True).first()
    if device is None or not verify_token(user, device.persistent_id, code):
        raise _wrong()
    return device


def turn_off(user: User, password: str, code: str) -> None:
    """Turn off two-factor authentication, if `password` and `code` are right: a code of the app, or a recovery code.

    Raises Refused if one of them is wrong.
    """
    user.confirm_password(password)
    verify_code(user, code)
    forget(user)


@transaction.atomic
def forget(user: User) -> int:
    """Turn off two-factor authentication without a code. Returns the number of devices removed."""
    mine = [kind.objects.filter(user=user) for kind in (TOTPDevice, StaticDevice)]
    count = sum(devices.count() for devices in mine)
    for devices in mine:
        devices.delete()
    return count


def _normalize_code(code: str) -> str:
    """The code in lowercase, without spaces and hyphens."""
    return re.sub(r"[\s-]", "", code).lower()


def _wrong() -> Refused:
    return Refused(_("This code is wrong or already used. Wait for the next one."), code="wrong")
