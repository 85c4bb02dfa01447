"""Readers: the stylesheet that makes the painting which all share one's own."""

from django.views.decorators.http import require_safe

from chat import access, answers


@require_safe
def stylesheet(request, slug):
    """My own messages set apart. A stranger gets an empty sheet: it tells nothing of the room."""
    return answers.stylesheet(access.membership_of(request, slug))
