"""Passwords: whether one is good enough to keep an account, and if not, why, in words."""

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

WHY_NOT = {  # by the code of Django's validators, whose own words are for machines
    "password_too_short": _("This is too short. Take at least 8 characters: some words in a row are easy to remember."),
    "password_too_common": _("Many people use this one, so it is tried first. Take another."),
    "password_entirely_numeric": _("Numbers alone are soon guessed. Add some words."),
    "password_too_similar": _("This is too much like your name or your e-mail address. Take something else."),
}


def why_not(password, name="", email=""):
    """The reasons against this password for an account of that name and e-mail address, or none."""
    try:
        validate_password(password, User(username=name, email=email))
    except ValidationError as refused:
        return [WHY_NOT.get(error.code, error) for error in refused.error_list]
    return []
