"""What every request passes through: headers, sessions, time zones, and refusals put into words."""

import logging
import re

from django.conf import settings
from django.contrib.sessions.exceptions import SessionInterrupted
from django.contrib.sessions.middleware import SessionMiddleware as DjangoSessionMiddleware
from django.db import InterfaceError, OperationalError
from django.utils import timezone
from redis.exceptions import RedisError

from chat.exceptions import InviteNotUsable, LimitExceeded, NotAMember, Refused, RoomMoved
from chat.realtime import grants
from chat.views import errors

logger = logging.getLogger("chat")
SESSION_KEY = re.compile(r"[a-z0-9]{32}\Z")  # as Django makes them; anything longer would end up in logs and caches


def security_headers():
    """The headers that every answer carries, errors, static files and the admin included.

    `SECURE_CSP` is Django 6's setting: on upgrade its own middleware takes over that part.
    """
    policy = "; ".join(" ".join([directive, *sources]) for directive, sources in settings.SECURE_CSP.items())
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": settings.X_FRAME_OPTIONS,
        "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
    }


class SecurityHeadersMiddleware:
    """Every header of `security_headers`, and nothing kept by any cache unless a view says otherwise."""

    def __init__(self, get_response):
        self.get_response = get_response
        self.headers = security_headers() | {"Cache-Control": "private, no-store"}

    def __call__(self, request):
        response = self.get_response(request)
        for name, value in self.headers.items():
            response.headers.setdefault(name, value)
        if settings.DEBUG and response.status_code in (404, 500):
            del response.headers["Content-Security-Policy"]  # Django's debug pages bring their own style and script.
        return response


class SessionMiddleware(DjangoSessionMiddleware):
    """Django's, but it looks up no key of another shape, and deletes a cookie only when the session was ended here.

    A session that is not found says nothing: an old page's poll, answered late, must not sign out the one that has
    just signed in. Whoever gave a session another key, or ended it, the old key reads no more from here on.
    """

    def process_request(self, request):
        key = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
        request.session = self.SessionStore(key if SESSION_KEY.match(key) else None)
        request.came_with = request.session.session_key

    def process_response(self, request, response):
        if request.session.is_empty() and not request.session.modified:
            return response
        if request.came_with not in (None, request.session.session_key):
            grants.revoke_grants(request, request.came_with)
        try:
            return super().process_response(request, response)
        except SessionInterrupted:
            return response  # Meanwhile the session was given another key, or ended: the cookie of now is not ours.


class CsrfCookieMiddleware:
    """Keeps Django from replacing a broken CSRF cookie by any answer: the next one with a form in it does."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.META.pop("CSRF_COOKIE_NEEDS_UPDATE", None)
        return self.get_response(request)


class TimeZoneMiddleware:
    """The site's time zone at the start of each request, whoever was served by this thread before."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        timezone.deactivate()
        return self.get_response(request)


class RefusalMiddleware:
    """Puts what access, limits and the database refuse into words, keeping what was typed."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        return errors.wrong_method(request, response) if response.status_code == 405 else response

    def process_exception(self, request, exception):
        if isinstance(exception, NotAMember):
            return errors.outside(request, exception.room)
        if isinstance(exception, RoomMoved):
            return errors.moved(request, exception.room)
        if isinstance(exception, Refused):
            return errors.refused(request, exception)
        if isinstance(exception, InviteNotUsable):
            return errors.closed(request, exception.reason)
        if isinstance(exception, LimitExceeded):
            return errors.too_many(request, exception)
        if isinstance(exception, (OperationalError, InterfaceError, RedisError)):
            logger.error("%s: %s", type(exception).__name__, exception)
            return errors.unavailable(request)
        return None
