"""The staff's side: every act goes through the same model verbs as the product, so open pages see it at once."""

from django.contrib import admin, messages
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from chat.forms import MessageAdminForm, RoomAdminForm
from chat.models import Membership, Message, Participant, Room, Site

admin.site.unregister([TOTPDevice, StaticDevice])  # whoever saw their keys could make codes for somebody else


def link(to, text):
    """A link to another object's page in the admin."""
    meta = to._meta
    return format_html(
        '<a href="{}">{}</a>', reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[to.pk]), text
    )


def count_of(model, field):
    """A subquery that counts the rows of `model` that point here: no query per row, no join that multiplies."""
    counted = model.objects.filter(**{field: OuterRef("pk")}).order_by().values(field).annotate(n=Count("pk"))
    return Coalesce(Subquery(counted.values("n")), 0)


class VerbAdmin(admin.ModelAdmin):
    """Rows that come into being in the product, not here; each act on them is a verb and is logged."""

    class Media:
        css = {"all": ["css/admin.css"]}

    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def carry_out(self, request, queryset, verb, word):
        """Do `verb` to each, log it, and say how many."""
        for thing in queryset:
            verb(thing)
            self.log_change(request, thing, str(word))
        done = ngettext("%(n)d: %(word)s.", "%(n)d: %(word)s.", len(queryset)) % {"n": len(queryset), "word": word}
        self.message_user(request, done, messages.SUCCESS)


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
        self.carry_out(request, queryset, Room.lock, _("locked"))

    @admin.action(permissions=["change"], description=_("Unlock"))
    def unlock(self, request, queryset):
        self.carry_out(request, queryset, Room.unlock, _("unlocked"))

    def save_model(self, request, room, form, change):
        if "topic" in form.changed_data:
            room.set_topic(form.cleaned_data["topic"])


@admin.register(Message)
class MessageAdmin(VerbAdmin):
    form = MessageAdminForm
    list_display = ["sent_at", "room_link", "member_link", "what", "state"]
    list_display_links = ["sent_at"]
    list_filter = ["sent_at", ("removed_at", admin.EmptyFieldListFilter), ("event", admin.EmptyFieldListFilter)]
    list_select_related = ["room", "membership"]
    search_fields = ["text", "nickname"]
    date_hierarchy = "sent_at"
    ordering = ["-sent_at", "-pk"]
    actions = ["remove", "restore"]
    readonly_fields = ["room_link", "member_link", "nickname", "role", "event", "sent_at", "edited_at", "removed_at"]
    fields = ["text", *readonly_fields]

    def lookup_allowed(self, lookup, value, request):
        return lookup in ("room__id__exact", "membership__id__exact") or super().lookup_allowed(lookup, value, request)

    def has_change_permission(self, request, message=None):
        """What the room itself told cannot be put in other words."""
        return super().has_change_permission(request, message) and not (message and message.event)

    @admin.display(description=_("room"), ordering="room__name")
    def room_link(self, message):
        return link(message.room, message.room.name)

    @admin.display(description=_("member"), ordering="nickname")
    def member_link(self, message):
        return link(message.membership, message.nickname) if message.membership else message.nickname

    @admin.display(description=_("words"))
    def what(self, message):
        return str(message)

    @admin.display(description=_("state"))
    def state(self, message):
        return _("removed") if message.removed_at else _("edited") if message.edited_at else ""

    @admin.action(permissions=["change"], description=_("Remove: a tombstone takes its place"))
    def remove(self, request, queryset):
        self.carry_out(request, queryset.filter(event="", removed_at=None), Message.remove, _("removed"))

    @admin.action(permissions=["change"], description=_("Restore"))
    def restore(self, request, queryset):
        self.carry_out(request, queryset.exclude(removed_at=None), Message.restore, _("restored"))

    def save_model(self, request, message, form, change):
        if "text" in form.changed_data:
            message.edit(form.cleaned_data["text"])


@admin.register(Membership)
class MembershipAdmin(VerbAdmin):
    list_display = ["nickname", "room_link", "role", "status", "message_count", "seen_at", "participant_link"]
    list_filter = ["status", "role", "joined_at", "seen_at"]
    list_select_related = ["room", "participant"]
    search_fields = ["nickname", "room__name"]
    date_hierarchy = "joined_at"
    ordering = ["-seen_at"]
    actions = ["remove", "take_over"]

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(said=count_of(Message, "membership"))

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

    @admin.display(description=_("messages"), ordering="said")
    def message_count(self, membership):
        url = reverse("admin:chat_message_changelist")
        return format_html('<a href="{}?membership__id__exact={}">{}</a>', url, membership.pk, membership.said)

    @admin.action(permissions=["change"], description=_("Remove from the room"))
    def remove(self, request, queryset):
        present = queryset.filter(status=Membership.Status.IN)
        self.carry_out(request, present, Membership.remove, _("removed from the room"))

    @admin.action(permissions=["change"], description=_("Make owner of the room"))
    def take_over(self, request, queryset):
        present = queryset.filter(status=Membership.Status.IN, room__pair=None)
        self.carry_out(request, present, Membership.take_over, _("made owner of the room"))


@admin.register(Participant)
class ParticipantAdmin(VerbAdmin):
    list_display = ["__str__", "user", "names", "room_count", "time_zone", "created_at"]
    list_filter = [("user", admin.EmptyFieldListFilter), "created_at", "time_zone"]
    list_select_related = ["user"]
    search_fields = ["memberships__nickname", "user__username"]
    date_hierarchy = "created_at"
    ordering = ["-pk"]
    actions = ["sign_out_everywhere"]

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("memberships")

    def has_change_permission(self, request, participant=None):
        """To be looked at, and acts: the preferences are the person's own."""
        return participant is None and super().has_change_permission(request)

    @admin.action(permissions=["change"], description=_("Sign out everywhere: a guest comes back as somebody else"))
    def sign_out_everywhere(self, request, queryset):
        self.carry_out(request, queryset, Participant.sign_out_everywhere, _("signed out everywhere"))

    @admin.display(description=_("names"))
    def names(self, participant):
        return ", ".join(sorted({membership.nickname for membership in participant.memberships.all()}))

    @admin.display(description=_("rooms"))
    def room_count(self, participant):
        url = reverse("admin:chat_membership_changelist")
        return format_html(
            '<a href="{}?participant__id__exact={}">{}</a>', url, participant.pk, len(participant.memberships.all())
        )


@admin.register(Site)
class SiteAdmin(admin.ModelAdmin):
    """One row, so its page opens in place of a list."""

    def changelist_view(self, request, extra_context=None):
        site = Site.objects.first()
        return redirect("admin:chat_site_change", site.pk) if site else redirect("admin:chat_site_add")

    def has_add_permission(self, request):
        return not Site.objects.exists()

    def has_delete_permission(self, request, obj=None):
        return False
