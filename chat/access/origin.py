"""Where a form came from: whether the page that sent it is one of ours."""

from contextlib import suppress
from urllib.parse import urlsplit


def is_from_our_page(request):
    """Whether a form was sent by a page of ours. Text browsers send no Origin, but the page's URL as Referer."""
    page = referring_url(request)
    origin = request.headers.get("Origin", f"{page.scheme}://{page.netloc}")
    return origin == f"{request.scheme}://{request.get_host()}"


def referring_url(request):
    """The parsed Referer; an empty URL if there is none, or none that makes sense."""
    with suppress(ValueError):
        return urlsplit(request.headers.get("Referer", ""))
    return urlsplit("")
