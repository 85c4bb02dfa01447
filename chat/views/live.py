"""JavaScript off: the log and the composer as frames of their own, so that what arrives disturbs no draft."""

from django.views.decorators.http import require_safe

from chat import access, answers, changes, grants


@require_safe
def live(request, slug):
    """The log, which looks for news by itself as often as its reader wants."""
    membership = access.membership_to_read(request, slug)
    streamed = membership.participant.refresh_seconds and grants.offer_stream(request, membership)
    with access.reading_through(membership):
        reading = changes.newest(membership.room)
    membership.has_read()
    return answers.live(request, membership, reading, streamed)


@require_safe
def compose(request, slug):
    return answers.compose(request, access.membership_to_write(request, slug))
