"""Where a request comes from: the one place that reads an address, and the proxies that are believed."""

from ipaddress import ip_address, ip_network

from django.conf import settings


def network_of(request):
    """The network a request came from, for counting: an IPv4 address or an IPv6 /64.

    Empty for loopback and for what is no address: behind an undeclared proxy all are one, so none can be blamed.
    """
    try:
        address = ip_address(_claimed(request))
    except ValueError:
        return ""
    address = getattr(address, "ipv4_mapped", None) or address
    if address.is_loopback:
        return ""
    return str(ip_network((address, 64), strict=False)) if address.version == 6 else str(address)


def _claimed(request):
    """The peer's address, or what the outermost of our own TRUSTED_PROXIES says that it saw: from the right."""
    if not settings.TRUSTED_PROXIES:
        return request.META.get("REMOTE_ADDR", "")
    seen = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    return seen[-settings.TRUSTED_PROXIES] if len(seen) >= settings.TRUSTED_PROXIES else ""
