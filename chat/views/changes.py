"""Changes: what a page does not know yet."""

from django.views.decorators.http import require_safe

from chat import access, answers, beside, changes, grants, polling
from chat.refusals import Refused


@require_safe
def poll(request, slug):
    cursor = changes.Cursor.read(request.GET)
    membership = access.membership_of(request, slug)
    if membership is None:
        return answers.polled(polling.nobody(slug, cursor))
    if access.was_withdrawn(membership, slug):
        return answers.polled(polling.moved(membership.room, cursor), goes_on=False)
    if not membership.present:
        return answers.polled(polling.no_longer_in(membership.room, cursor), goes_on=False)
    if "paused" in request.GET:
        membership.seen()
        return answers.polled(polling.paused(membership, cursor))
    membership.seen(reading=True)
    grants.offer(request, membership, slug)
    try:
        with access.reading_through(membership):
            more = beside.due(request, membership.room, cursor.at)
            reading = changes.since(membership.room, cursor)
    except (access.Outside, Refused):
        return answers.polled(polling.no_longer_in(membership.room, cursor), goes_on=False)
    held = grants.may_hold(request, membership)
    if "gone" in request.GET:
        return answers.polled(polling.back_again(reading, cursor, membership, held), anew=True)
    return answers.polled(polling.news(reading, cursor, held, more))
