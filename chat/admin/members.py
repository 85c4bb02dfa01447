"""Members of rooms in the admin."""

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from chat.admin.base import VerbAdmin, count_of, link
from chat.models import Membership, Message


@admin.register(Membership)
class MembershipAdmin(VerbAdmin):
    list_display = ["nickname", "room_link", "role", "status", "message_count", "seen_at", "participant_link"]
    list_filter = ["status", "role", "joined_at", "seen_at"]
    list_select_related = ["room", "participant"]
    search_fields = ["nickname", "room__name"]
    ordering = ["-pk"]
    actions = ["remove", "make_owner"]

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(messages_sent=count_of(Message, "membership"))

    def lookup_allowed(self, lookup, value, request):
        return lookup in ("room__id__exact", "participant__id__exact") or super().lookup_allowed(lookup, value, request)

    def has_change_permission(self, request, membership=None):
        """Acts only: a name or a role that was changed here would make old messages lie."""
        return membership is None and super().has_change_permission(request)

    @admin.display(description=_("room"), ordering="room__name")
    def room_link(self, membership):
        return link(membership.room, membership.room.name)

    @admin.display(description=_("participant"), ordering="participant")
    def participant_link(self, membership):
        return link(membership.participant, str(membership.participant))

    @admin.display(description=_("messages"), ordering="messages_sent")
    def message_count(self, membership):
        url = reverse("admin:chat_message_changelist")
        return format_html('<a href="{}?membership__id__exact={}">{}</a>', url, membership.pk, membership.messages_sent)

    @admin.action(permissions=["change"], description=_("Remove from the room"))
    def remove(self, request, queryset):
        present = queryset.filter(status=Membership.Status.IN)
        self.run_verb(request, present, Membership.remove, _("removed from the room"))

    @admin.action(permissions=["change"], description=_("Make owner of the room"))
    def make_owner(self, request, queryset):
        present = queryset.filter(status=Membership.Status.IN, room__dm_key=None)
        self.run_verb(request, present, Membership.make_owner, _("made owner of the room"))
