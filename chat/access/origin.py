"""Where a form came from: whether one of our own pages sent it."""

from contextlib import suppress
from urllib.parse import SplitResult, urlsplit

from django.http import HttpRequest


def is_from_our_page(request: HttpRequest) -> bool:
    """Whether one of our pages sent this form. Text browsers send no Origin, but the page's URL as Referer."""
    page = referring_url(request)
    origin = request.headers.get("Origin", f"{page.scheme}://{page.netloc}")
    return origin == f"{request.scheme}://{request.get_host()}"


def referring_url(request: HttpRequest) -> SplitResult:
    """Return the parsed Referer header, or an empty URL if it is missing or invalid."""
    with suppress(ValueError):
        return urlsplit(request.headers.get("Referer", ""))
    return urlsplit("")
