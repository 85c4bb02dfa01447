"""The network that a request came from: the only module that reads client addresses, also behind trusted proxies."""

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from django.conf import settings
from django.http import HttpRequest


def network_of(request: HttpRequest) -> str:
    """Return the network that a request came from, for rate limits: an IPv4 address or an IPv6 /64.

    Returns "" (no limit counts it) for loopback and invalid addresses: behind a proxy that TRUSTED_PROXIES does not
    include, all clients would share one address.
    """
    try:
        address: IPv4Address | IPv6Address = ip_address(_client_address(request))
    except ValueError:
        return ""
    address = getattr(address, "ipv4_mapped", None) or address
    if address.is_loopback:
        return ""
    return str(ip_network((address, 64), strict=False)) if address.version == 6 else str(address)


def network_of_environ(environ: Mapping[str, Any]) -> str:
    """Return the network that a request came from, as above. `environ` has at least its address and headers."""
    request = HttpRequest()
    request.META = dict(environ)
    return network_of(request)


def _client_address(request: HttpRequest) -> str:
    """Return the client's address, or "" if it is unknown.

    Without TRUSTED_PROXIES, it is the peer's. Otherwise it is read from X-Forwarded-For: the entry at the position
    TRUSTED_PROXIES, counted from the right. Our outermost proxy wrote that entry.
    """
    if not settings.TRUSTED_PROXIES:
        return str(request.META.get("REMOTE_ADDR", ""))
    seen = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    return seen[-settings.TRUSTED_PROXIES] if len(seen) >= settings.TRUSTED_PROXIES else ""
