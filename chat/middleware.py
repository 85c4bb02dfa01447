"""Middleware: security headers, sub-path, health, proxies, sessions, the CSRF cookie, time zones and error pages."""

import logging
import re
from collections.abc import Callable

from django.conf import settings
from django.contrib.sessions.exceptions import SessionInterrupted
from django.contrib.sessions.middleware import SessionMiddleware as DjangoSessionMiddleware
from django.core.exceptions import MiddlewareNotUsed
from django.db import InterfaceError, OperationalError
from django.http import HttpResponse, HttpResponseRedirect
from django.utils import timezone
from redis.exceptions import RedisError

from chat import proxies
from chat.exceptions import InviteNotUsable, LimitExceeded, NotAMember, Refused, RoomMoved
from chat.realtime import grants
from chat.types import Request
from chat.views import errors
from chat.views.health import health
from chat_app.caches import incarnation
from chat_app.logs import about

GetResponse = Callable[[Request], HttpResponse]

logger = logging.getLogger("chat")
STORAGE_ERRORS = (OperationalError, InterfaceError, RedisError)
SESSION_KEY = re.compile(r"[a-z0-9]{32}\Z")  # as Django creates them; others must not end up in logs and caches


def security_headers() -> dict[str, str]:
    """The security headers of every response, including errors, static files and the admin.

    The policy is in `SECURE_CSP`, a setting of Django 6: after an upgrade, Django's own CSP middleware can set that
    header.
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


def unavailable(request: Request, exception: Exception) -> HttpResponse:
    name = type(exception).__name__
    logger.error("%s: %s", name, exception, extra=about(name))
    return errors.unavailable(request)


class SecurityHeadersMiddleware:
    """Sets `security_headers`, and `Cache-Control: private, no-store`, unless the view has set its own.

    Before each request it also reads the incarnation again, if that is due.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.headers = security_headers() | {"Cache-Control": "private, no-store"}

    def __call__(self, request: Request) -> HttpResponse:
        incarnation.reread_if_due()  # without the gate, nothing else looks whether the caches are still valid
        response = self.get_response(request)
        for name, value in self.headers.items():
            response.headers.setdefault(name, value)
        if settings.DEBUG and response.status_code in (404, 500):
            del response.headers["Content-Security-Policy"]  # Django's debug pages have inline styles and scripts.
        return response


class SubpathMiddleware:
    """Takes SUBPATH off the path that URL patterns are matched with. Links get it from FORCE_SCRIPT_NAME."""

    def __init__(self, get_response: GetResponse) -> None:
        if not settings.FORCE_SCRIPT_NAME:
            raise MiddlewareNotUsed
        self.get_response, self.prefix = get_response, settings.FORCE_SCRIPT_NAME

    def __call__(self, request: Request) -> HttpResponse:
        path = request.path_info
        if path == self.prefix:
            return HttpResponseRedirect(f"{path}/")
        if not path.startswith(f"{self.prefix}/"):
            return errors.outside_subpath(request)
        request.path, request.path_info = path, path.removeprefix(self.prefix)
        return self.get_response(request)


class HealthMiddleware:
    """Answers /health/ to monitors, which use any host name or address: no redirect to HTTPS, no check of the host."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: Request) -> HttpResponse:
        return health(request) if request.path_info == "/health/" else self.get_response(request)


class ProxyMistakeMiddleware:
    """Explains a mistake of the proxy that would make Django's redirect to HTTPS a loop."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: Request) -> HttpResponse:
        mistake = proxies.https_mistake(request)
        return errors.proxy_mistake(request, mistake) if mistake else self.get_response(request)


class SessionMiddleware(DjangoSessionMiddleware):
    """Django's session middleware, with three changes.

    It ignores session keys of an unexpected format. It deletes the cookie only if this request ended the session: a
    late response to an old poll must not sign out someone who has just signed in. When a session ends or gets a new
    key, the gate's grants for the old key are revoked.
    """

    def process_request(self, request):
        key = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
        request.session = self.SessionStore(key if SESSION_KEY.match(key) else None)
        request.sent_session_key = request.session.session_key

    def process_response(self, request, response):
        if request.session.is_empty() and not request.session.modified:
            return response
        if request.sent_session_key not in (None, request.session.session_key):
            grants.revoke_grants(request, request.sent_session_key)
        try:
            return super().process_response(request, response)
        except SessionInterrupted:
            return response  # Another request ended the session or changed its key: leave its cookie alone.
        except STORAGE_ERRORS as error:
            if request.method in ("GET", "HEAD"):
                return response  # The page is complete; the next request saves the session.
            return unavailable(request, error)


class CsrfCookieMiddleware:
    """Keeps Django from replacing an invalid CSRF cookie in every response; only a response with a form replaces it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: Request) -> HttpResponse:
        request.META.pop("CSRF_COOKIE_NEEDS_UPDATE", None)
        return self.get_response(request)


class TimeZoneMiddleware:
    """Resets the time zone before each request: the thread may still have that of an earlier request's participant."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: Request) -> HttpResponse:
        timezone.deactivate()
        return self.get_response(request)


class ErrorMiddleware:
    """Turns exceptions of access checks, model methods, rate limits and databases into pages that keep typed text."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: Request) -> HttpResponse:
        response = self.get_response(request)
        return errors.wrong_method(request, response) if response.status_code == 405 else response

    def process_exception(self, request: Request, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, NotAMember):
            return errors.not_a_member(request, exception.room)
        if isinstance(exception, RoomMoved):
            return errors.room_moved(request, exception.room)
        if isinstance(exception, Refused):
            return errors.refused(request, exception)
        if isinstance(exception, InviteNotUsable):
            return errors.invite_not_usable(request, exception.reason)
        if isinstance(exception, LimitExceeded):
            return errors.too_many(request, exception)
        if isinstance(exception, STORAGE_ERRORS):
            return unavailable(request, exception)
        return None
