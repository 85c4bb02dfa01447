"""The network that a request came from: the only module that reads client addresses, also behind trusted proxies."""

import logging
import re
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from chat_app.logs import about

logger = logging.getLogger("chat")

UNKNOWN = "unknown"  # the network of all clients whose address can't be read
# Some proxies add the client's port, and then write an IPv6 address in brackets.
ADDRESS = re.compile(r"\[(?P<v6>[^\[\]]+)\](?::\d+)?|(?P<v4>[\d.]+):\d+|(?P<bare>.*)", re.ASCII | re.DOTALL)


def network_of(request: HttpRequest) -> str:
    """Return the network that a request came from, for rate limits: an IPv4 address or an IPv6 /64.

    Returns "" (no limit counts it) for loopback addresses and for a Unix socket: behind a proxy on this machine that
    TRUSTED_PROXIES does not include, all clients would share one address. Clients whose address can't be read share
    the network UNKNOWN.
    """
    text = _client_address(request)
    address = _parse(text) if text else None
    if address is None:
        return _unreadable(text) if text or settings.TRUSTED_PROXIES else ""
    if address.is_loopback:
        _log_uncounted_proxy(request)
        return ""
    return str(ip_network((address, 64), strict=False)) if address.version == 6 else str(address)


def network_of_environ(environ: Mapping[str, Any]) -> str:
    """Return the network that a request came from, as above. `environ` has at least its address and headers."""
    request = HttpRequest()
    request.META = dict(environ)
    return network_of(request)


def _client_address(request: HttpRequest) -> str:
    """Return the client's address as it was written, or "" if it is unknown.

    Without TRUSTED_PROXIES, it is the peer's. Otherwise it is read from X-Forwarded-For: the entry at the position
    TRUSTED_PROXIES, counted from the right. Our outermost proxy wrote that entry.
    """
    if not settings.TRUSTED_PROXIES:
        return str(request.META.get("REMOTE_ADDR", ""))
    seen = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    return seen[-settings.TRUSTED_PROXIES] if len(seen) >= settings.TRUSTED_PROXIES else ""


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    """Parse an address with or without port and brackets. None if it is invalid."""
    found = ADDRESS.fullmatch(text)
    try:
        address = ip_address(found["v6"] or found["v4"] or found["bare"]) if found else None
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _unreadable(text: str) -> str:
    logger.warning(
        "X-Forwarded-For has no readable address at the position TRUSTED_PROXIES=%d: %r. Limits now count all such "
        "visitors as one. Each proxy must append the address of its client.",
        settings.TRUSTED_PROXIES,
        text[:100],
        extra=about("X-Forwarded-For"),
    )
    return UNKNOWN


def _log_uncounted_proxy(request: HttpRequest) -> None:
    """Log that a proxy on this machine is not in TRUSTED_PROXIES: then no limit per address works."""
    if not settings.TRUSTED_PROXIES and "HTTP_X_FORWARDED_FOR" in request.META:
        logger.warning(
            "Requests come through a proxy on this machine, but TRUSTED_PROXIES=0, so there are no limits per address. "
            "Set TRUSTED_PROXIES to the number of your proxies.",
            extra=about("TRUSTED_PROXIES"),
        )
