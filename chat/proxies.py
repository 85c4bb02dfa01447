"""Mistakes of a reverse proxy in front: a sentence tells the visitor, and a line in the log tells the operator."""

import logging
from contextlib import suppress
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.http.request import split_domain_port
from django.utils.translation import gettext as _

from chat_app.logs import about

logger = logging.getLogger("chat")

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


def https_mistake(request: HttpRequest) -> str:
    """Return why a redirect of this request to HTTPS would lead back to here, as a sentence for the visitor.

    Returns "" if the redirect leads on. Browsers send Sec-Fetch-Site over HTTPS only, or to their own machine.
    """
    if not settings.SECURE_SSL_REDIRECT or request.is_secure():
        return ""
    proto = request.headers.get("X-Forwarded-Proto")
    uses_https = "Sec-Fetch-Site" in request.headers and _host_name(request) not in LOOPBACK
    if settings.TRUSTED_PROXIES and (proto is None or uses_https):
        _log(
            "HTTPS=on, but the proxy doesn't report that a request used HTTPS. Its X-Forwarded-Proto is %r and must be "
            "'https' (nginx: proxy_set_header X-Forwarded-Proto $scheme).",
            proto and proto[:100],
        )
    elif not settings.TRUSTED_PROXIES and (proto == "https" or uses_https):
        _log(
            "HTTPS=on, but TRUSTED_PROXIES=0, so the proxy's X-Forwarded-Proto is not believed. Set TRUSTED_PROXIES=1."
        )
    else:
        return ""
    return _("The proxy in front of this site doesn’t tell the server that you use HTTPS. Tell the site’s operator.")


def form_mistake(request: HttpRequest) -> str:
    """Return why a form of our own page seems to be from another site, as a sentence for the visitor.

    Returns "" if it really is from another site, as far as the browser says: neither does the host name match, nor does
    the browser say that page and form have the same origin.
    """
    origin, host = _origin(request), request.get_host()
    name = origin.hostname or ""
    if not name or (name != _host_name(request) and request.headers.get("Sec-Fetch-Site") != "same-origin"):
        return ""
    if origin.scheme == "https" and not request.is_secure():
        _log(
            "Refused a form of %r, because the server got it as http://%s. If a proxy with the certificate is in "
            "front, set HTTPS=on and TRUSTED_PROXIES=1.",
            origin.geturl()[:100],
            host,
        )
        return _("You use HTTPS, but this site is set up without it, so nothing was changed. Tell the site’s operator.")
    _log(
        "Refused a form of %r, because the proxy passed on the host %r. It must pass on the browser's Host header, "
        "with the port (nginx: proxy_set_header Host $http_host).",
        origin.geturl()[:100],
        host,
    )
    return _("The proxy in front of this site changes its address, so nothing was changed. Tell the site’s operator.")


def log_foreign_host(request: HttpRequest) -> None:
    _log(
        "Refused a request for the host %r. ALLOWED_HOSTS must have each host name of this site, and a proxy must pass "
        "on the Host header (nginx: proxy_set_header Host $http_host).",
        request.META.get("HTTP_HOST", "")[:100],
    )


def log_missing_subpath() -> None:
    _log(
        "Refused a request outside SUBPATH=%s. A proxy must leave the sub-path in the path (nginx: no slash after the "
        "port in proxy_pass).",
        settings.FORCE_SCRIPT_NAME,
    )


def _log(line: str, *arguments: object) -> None:
    logger.warning(line, *arguments, extra=about(line))


def _host_name(request: HttpRequest) -> str:
    return split_domain_port(request.get_host())[0]


def _origin(request: HttpRequest) -> SplitResult:
    with suppress(ValueError):
        return urlsplit(request.headers.get("Origin", "").lower())
    return urlsplit("")
