"""Rooms in the admin."""

from django.contrib import admin
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from chat.admin.base import VerbAdmin, count_of
from chat.admin.forms import RoomAdminForm
from chat.models import Membership, Message, Room


@admin.register(Room)
class RoomAdmin(VerbAdmin):
    form = RoomAdminForm
    list_display = ["name", "access", "topic", "locked", "member_count", "message_count", "last_sent_at", "created_at"]
    list_filter = ["access", "locked", "archived", "created_at", "last_sent_at"]
    search_fields = ["name", "topic", "slug"]
    date_hierarchy = "created_at"
    ordering = ["-last_sent_at"]
    actions = ["lock", "unlock"]
    readonly_fields = [
        "name",
        "slug",
        "access",
        "locked",
        "archived",
        "member_count",
        "message_count",
        "created_at",
        "last_sent_at",
    ]
    fields = ["topic", *readonly_fields]

    def get_queryset(self, request):
        inside = Membership.objects.filter(status=Membership.Status.IN)
        members = inside.filter(room=OuterRef("pk")).order_by().values("room").annotate(n=Count("pk")).values("n")
        lines = count_of(Message, "room")
        return super().get_queryset(request).annotate(members=Coalesce(Subquery(members), 0), lines=lines)

    @admin.display(description=_("members"), ordering="members")
    def member_count(self, room):
        url = reverse("admin:chat_membership_changelist")
        return format_html('<a href="{}?room__id__exact={}">{}</a>', url, room.pk, room.members)

    @admin.display(description=_("lines"), ordering="lines")
    def message_count(self, room):
        url = reverse("admin:chat_message_changelist")
        return format_html('<a href="{}?room__id__exact={}">{}</a>', url, room.pk, room.lines)

    @admin.action(permissions=["change"], description=_("Lock: reading only"))
    def lock(self, request, queryset):
        self.run_verb(
            request,
            queryset,
            Room.lock,
            log=_("locked"),
            done=ngettext_lazy("%(n)d room locked.", "%(n)d rooms locked.", "n"),
            unchanged=ngettext_lazy("%(n)d was already locked.", "%(n)d were already locked.", "n"),
        )

    @admin.action(permissions=["change"], description=_("Unlock"))
    def unlock(self, request, queryset):
        self.run_verb(
            request,
            queryset,
            Room.unlock,
            log=_("unlocked"),
            done=ngettext_lazy("%(n)d room unlocked.", "%(n)d rooms unlocked.", "n"),
            unchanged=ngettext_lazy("%(n)d was not locked.", "%(n)d were not locked.", "n"),
        )

    def save_by_verb(self, room, cleaned, by):
        return room.set_topic(cleaned["topic"], by)
