"""Rooms in the admin."""

from django.contrib import admin
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from chat.admin.base import VerbAdmin
from chat.admin.forms import RoomAdminForm
from chat.models import Membership, Room


@admin.register(Room)
class RoomAdmin(VerbAdmin):
    form = RoomAdminForm
    list_display = ["name", "access", "topic", "locked", "member_count", "messages", "last_sent_at", "created_at"]
    list_filter = ["access", "locked", "archived", "created_at", "last_sent_at"]
    search_fields = ["name", "topic", "slug"]
    ordering = ["-last_sent_at"]
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
        "last_sent_at",
    ]
    fields = ["topic", *readonly_fields]

    def get_queryset(self, request):
        inside = Membership.objects.filter(status=Membership.Status.IN)
        members = inside.filter(room=OuterRef("pk")).order_by().values("room").annotate(n=Count("pk")).values("n")
        return super().get_queryset(request).annotate(members=Coalesce(Subquery(members), 0))

    @admin.display(description=_("members"), ordering="members")
    def member_count(self, room):
        url = reverse("admin:chat_membership_changelist")
        return format_html('<a href="{}?room__id__exact={}">{}</a>', url, room.pk, room.members)

    @admin.display(description=_("messages"), ordering="message_count")
    def messages(self, room):
        url = reverse("admin:chat_message_changelist")
        return format_html('<a href="{}?room__id__exact={}">{}</a>', url, room.pk, room.message_count)

    @admin.action(permissions=["change"], description=_("Lock: reading only"))
    def lock(self, request, queryset):
        self.run_verb(request, queryset, Room.lock, _("locked"))

    @admin.action(permissions=["change"], description=_("Unlock"))
    def unlock(self, request, queryset):
        self.run_verb(request, queryset, Room.unlock, _("unlocked"))

    def save_model(self, request, room, form, change):
        if "topic" in form.changed_data:
            room.set_topic(form.cleaned_data["topic"])
