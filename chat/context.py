"""What every template may ask for: the site as its operator describes it, read only where a page names it."""

from django.conf import settings
from django.utils.functional import SimpleLazyObject

from chat.models import Site


def site(request):
    return {"site": SimpleLazyObject(Site.current), "accounts": settings.ACCOUNTS != "off"}
