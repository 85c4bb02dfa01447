"""Participants (guests and accounts) in the admin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from chat.admin.base import VerbAdmin
from chat.models import Participant

if TYPE_CHECKING:
    from chat.markup import Html


@admin.register(Participant)
class ParticipantAdmin(VerbAdmin):
    list_display = ["__str__", "user", "names", "room_count", "time_zone", "created_at"]
    list_filter = [("user", admin.EmptyFieldListFilter), "created_at", "time_zone"]
    list_select_related = ["user"]
    search_fields = ["memberships__nickname", "user__username"]
    ordering = ["-pk"]
    actions = ["sign_out_everywhere"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Participant]:
        return super().get_queryset(request).prefetch_related("memberships")

    def has_change_permission(self, request: HttpRequest, participant: Participant | None = None) -> bool:
        """Whether the user may run the list's actions. False for one participant: preferences are the person's own."""
        return participant is None and super().has_change_permission(request)

    @admin.action(permissions=["change"], description=_("Sign out everywhere (guests lose their nicknames)"))
    def sign_out_everywhere(self, request: HttpRequest, queryset: QuerySet[Participant]) -> None:
        self.run_verb(
            request,
            queryset,
            Participant.sign_out_everywhere,
            log=_("signed out everywhere"),
            done=ngettext_lazy("%(n)d person signed out.", "%(n)d people signed out.", "n"),
            unchanged=ngettext_lazy("%(n)d was not signed out.", "%(n)d were not signed out.", "n"),
        )

    @admin.display(description=_("names"))
    def names(self, participant: Participant) -> str:
        return ", ".join(sorted({membership.nickname for membership in participant.memberships.all()}))

    @admin.display(description=_("rooms"))
    def room_count(self, participant: Participant) -> Html:
        url = reverse("admin:chat_membership_changelist")
        return format_html(
            '<a href="{}?participant__id__exact={}">{}</a>', url, participant.pk, len(participant.memberships.all())
        )
