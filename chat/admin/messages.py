"""Messages in the admin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from chat.admin.base import VerbAdmin, link
from chat.admin.forms import MessageAdminForm
from chat.models import Actor, Message

if TYPE_CHECKING:
    from django.db.models.expressions import Combinable
    from django.utils.functional import _StrOrPromise

    from chat.models.message_queryset import MessageQuerySet


@admin.register(Message)
class MessageAdmin(VerbAdmin):
    form = MessageAdminForm
    list_display = ["sent_at", "room_link", "member_link", "what", "state"]
    list_display_links = ["sent_at"]
    list_filter = ["sent_at", ("removed_at", admin.EmptyFieldListFilter), ("event", admin.EmptyFieldListFilter)]
    list_select_related = ["room", "membership"]
    search_fields = ["text", "nickname"]
    search_help_text = _("The newest 10,000 are listed. Search or filter to find older ones.")
    actions = ["remove", "restore"]
    readonly_fields = ["room_link", "member_link", "nickname", "role", "event", "sent_at", "edited_at", "removed_at"]
    fields = ["text", *readonly_fields]

    def get_queryset(self, request: HttpRequest) -> MessageQuerySet:
        return cast("MessageQuerySet", super().get_queryset(request)).readable()

    def get_ordering(self, request: HttpRequest) -> list[str | Combinable]:
        """Newest first, in an order that has an index: one for all messages, another for those of one room."""
        return ["-room_id", "-first_version"] if "room__id__exact" in request.GET else ["-pk"]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup in ("room__id__exact", "membership__id__exact") or super().lookup_allowed(lookup, value, request)

    def has_change_permission(self, request: HttpRequest, message: Message | None = None) -> bool:
        """Return False for system messages: they can't be edited."""
        return super().has_change_permission(request, message) and not (message and message.event)

    @admin.display(description=_("room"), ordering="room__name")
    def room_link(self, message: Message) -> str:
        return link(message.room, message.room.name)

    @admin.display(description=_("member"), ordering="nickname")
    def member_link(self, message: Message) -> str:
        return link(message.membership, message.nickname) if message.membership else message.shown_name

    @admin.display(description=_("text"))
    def what(self, message: Message) -> str:
        return str(message)

    @admin.display(description=_("state"))
    def state(self, message: Message) -> _StrOrPromise:
        return _("removed") if message.removed_at else _("edited") if message.edited_at else ""

    @admin.action(permissions=["change"], description=_("Remove (leaves “message removed”)"))
    def remove(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        self.run_verb(
            request,
            queryset,
            Message.remove,
            log=_("removed"),
            done=ngettext_lazy("%(n)d message removed.", "%(n)d messages removed.", "n"),
            unchanged=ngettext_lazy(
                "%(n)d was removed already or is a system message.",
                "%(n)d were removed already or are system messages.",
                "n",
            ),
        )

    @admin.action(permissions=["change"], description=_("Restore"))
    def restore(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        self.run_verb(
            request,
            queryset,
            Message.restore,
            log=_("restored"),
            done=ngettext_lazy("%(n)d message restored.", "%(n)d messages restored.", "n"),
            unchanged=ngettext_lazy("%(n)d was not removed.", "%(n)d were not removed.", "n"),
        )

    def save_by_verb(self, message: Message, cleaned: dict[str, Any], by: Actor) -> bool:
        return message.edit(cleaned["text"], by)
