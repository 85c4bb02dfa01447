"""Members of rooms in the admin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from chat.admin.base import VerbAdmin, count_of, link
from chat.models import Membership, Message

if TYPE_CHECKING:
    from chat.markup import Html


@admin.register(Membership)
class MembershipAdmin(VerbAdmin):
    list_display = ["nickname", "room_link", "role", "status", "message_count", "seen_at", "participant_link"]
    list_filter = ["status", "role", "joined_at", "seen_at"]
    list_select_related = ["room", "participant"]
    search_fields = ["nickname", "room__name"]
    ordering = ["-pk"]
    actions = ["remove", "make_owner"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        members: QuerySet[Membership] = super().get_queryset(request)
        return members.annotate(messages_sent=count_of(Message, "membership"))

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup in ("room__id__exact", "participant__id__exact") or super().lookup_allowed(lookup, value, request)

    def has_change_permission(self, request: HttpRequest, membership: Membership | None = None) -> bool:
        """Whether this admin may run actions in the list: with the permission to change members.

        False for one member, so there is no form: names and roles change only through verbs.
        """
        return membership is None and super().has_change_permission(request)

    @admin.display(description=_("room"), ordering="room__name")
    def room_link(self, membership: Membership) -> Html:
        return link(membership.room, membership.room.name)

    @admin.display(description=_("participant"), ordering="participant")
    def participant_link(self, membership: Membership) -> Html:
        return link(membership.participant, str(membership.participant))

    @admin.display(description=_("messages"), ordering="messages_sent")
    def message_count(self, membership: Any) -> Html:  # with the count of `get_queryset`
        url = reverse("admin:chat_message_changelist")
        return format_html('<a href="{}?membership__id__exact={}">{}</a>', url, membership.pk, membership.messages_sent)

    @admin.action(permissions=["change"], description=_("Remove from room"))
    def remove(self, request: HttpRequest, queryset: QuerySet[Membership]) -> None:
        self.run_verb(
            request,
            queryset,
            Membership.remove,
            log=_("removed from the room"),
            done=ngettext_lazy("%(n)d person removed.", "%(n)d people removed.", "n"),
            unchanged=ngettext_lazy("%(n)d was not in the room.", "%(n)d were not in the room.", "n"),
        )

    @admin.action(permissions=["change"], description=_("Make owner"))
    def make_owner(self, request: HttpRequest, queryset: QuerySet[Membership]) -> None:
        self.run_verb(
            request,
            queryset,
            Membership.make_owner,
            log=_("made owner"),
            done=ngettext_lazy("%(n)d person made owner.", "%(n)d people made owners.", "n"),
            unchanged=ngettext_lazy(
                "%(n)d is the owner already, or can’t become the owner.",
                "%(n)d are owners already, or can’t become owners.",
                "n",
            ),
        )
