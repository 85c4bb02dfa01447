"""Rooms in the admin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from chat.admin.base import VerbAdmin
from chat.admin.forms import RoomAdminForm
from chat.models import Actor, Membership, Room

if TYPE_CHECKING:
    from chat.markup import Html


@admin.register(Room)
class RoomAdmin(VerbAdmin):
    form = RoomAdminForm
    list_display = ["name", "access", "topic", "locked", "member_count", "messages", "active_at", "created_at"]
    list_filter = ["access", "locked", "archived", "created_at", "active_at"]
    search_fields = ["name", "topic", "slug"]
    ordering = ["-active_at"]
    actions = ["lock", "unlock"]
    readonly_fields = [
        "name",
        "slug",
        "access",
        "locked",
        "archived",
        "member_count",
        "messages",
        "created_at",
        "active_at",
    ]
    fields = ["topic", *readonly_fields]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Room]:
        inside = Membership.objects.filter(status=Membership.Status.IN)
        members = inside.filter(room=OuterRef("pk")).order_by().values("room").annotate(n=Count("pk")).values("n")
        rooms: QuerySet[Room] = super().get_queryset(request)
        return rooms.annotate(members=Coalesce(Subquery(members), 0))

    @admin.display(description=_("members"), ordering="members")
    def member_count(self, room: Any) -> Html:  # with the count of `get_queryset`
        url = reverse("admin:chat_membership_changelist")
        return format_html('<a href="{}?room__id__exact={}">{}</a>', url, room.pk, room.members)

    @admin.display(description=_("messages"), ordering="message_count")
    def messages(self, room: Room) -> Html:
        url = reverse("admin:chat_message_changelist")
        return format_html('<a href="{}?room__id__exact={}">{}</a>', url, room.pk, room.message_count)

    @admin.action(permissions=["change"], description=_("Lock (nobody can post)"))
    def lock(self, request: HttpRequest, queryset: QuerySet[Room]) -> None:
        self.run_verb(
            request,
            queryset,
            Room.lock,
            log=_("locked"),
            done=ngettext_lazy("%(n)d room locked.", "%(n)d rooms locked.", "n"),
            unchanged=ngettext_lazy("%(n)d was already locked.", "%(n)d were already locked.", "n"),
        )

    @admin.action(permissions=["change"], description=_("Unlock"))
    def unlock(self, request: HttpRequest, queryset: QuerySet[Room]) -> None:
        self.run_verb(
            request,
            queryset,
            Room.unlock,
            log=_("unlocked"),
            done=ngettext_lazy("%(n)d room unlocked.", "%(n)d rooms unlocked.", "n"),
            unchanged=ngettext_lazy("%(n)d was not locked.", "%(n)d were not locked.", "n"),
        )

    def save_by_verb(self, room: Room, cleaned: dict[str, Any], by: Actor) -> bool:
        return room.set_topic(cleaned["topic"], by)
