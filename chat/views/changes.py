"""Changes: what a page does not know yet."""

from django.views.decorators.http import require_safe

from chat import access, answers, changes


@require_safe
def poll(request, slug):
    cursor = changes.Cursor.read(request.GET)
    membership = access.membership_of(request, slug)
    if membership is None:
        return answers.nobody(slug, cursor)
    if not membership.present:
        return answers.no_longer_in(membership.room, cursor)
    membership.seen()
    return answers.news(changes.since(membership.room, cursor), cursor)
