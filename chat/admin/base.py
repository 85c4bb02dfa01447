"""The base of the admin's lists: actions run model verbs, then count and log the changes; long lists stay fast."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar, cast

from django.contrib import admin
from django.contrib import messages as django_messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import Permission
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.db import DatabaseError
from django.db.models import Count, Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.translation import gettext as _

from chat.exceptions import Refused
from chat.models import Actor

if TYPE_CHECKING:
    from django.contrib.admin.views.main import ChangeList
    from django.utils.functional import _StrOrPromise

    from chat.markup import Html
    from chat.types import StaffRequest

logger = logging.getLogger(__name__)
Row = TypeVar("Row", bound=Model)
YEARS = {"year", "iso_year"}


def acting_admin(request: HttpRequest) -> Actor:
    return Actor.site_admin(cast("StaffRequest", request).user)


def link(to: Model, text: str) -> Html:
    """An HTML link with this text to the admin's page of the object `to`."""
    meta = to._meta
    return format_html(
        '<a href="{}">{}</a>', reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[to.pk]), text
    )


def count_of(model: type[Model], field: str) -> Coalesce:
    """Return a subquery that counts the rows of `model` whose foreign key `field` points to the outer query's row."""
    counted = model._default_manager.filter(**{field: OuterRef("pk")}).order_by().values(field).annotate(n=Count("pk"))
    return Coalesce(Subquery(counted.values("n")), 0)


class BoundedPaginator(Paginator):
    """A paginator that lists at most the first MAX_ROWS rows, because counting all rows of a large table is slow."""

    MAX_ROWS = 10_000
    object_list: QuerySet[Model]

    @cached_property
    def count(self) -> int:
        return self.object_list.order_by().values("pk")[: self.MAX_ROWS].count()


class ChangesMixin(admin.ModelAdmin):
    """The base of all of the admin's pages for a model. A form that changed nothing is neither logged nor confirmed.

    `save_model` sets `was_changed` on the row.
    """

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Refuse filters by year: a year that no date can have is an error of Django, and none of the lists has one."""
        return not YEARS.intersection(lookup.split("__")) and super().lookup_allowed(lookup, value, request)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Refuse NUL in a list's query: PostgreSQL has no such text, so a filter by it would be an error."""
        if any("\0" in value for _key, values in request.GET.lists() for value in values):
            raise BadRequest
        return super().get_changelist_instance(request)

    def response_action(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse | None:
        """Run an action of the list. Ids that are no numbers are of a forged form: status 400."""
        if not all(pk.isdecimal() for pk in request.POST.getlist(ACTION_CHECKBOX_NAME)):
            raise BadRequest
        response: HttpResponse | None = super().response_action(request, *args, **kwargs)
        return response

    def save_model(self, request: HttpRequest, row: Any, form: ModelForm, change: bool) -> None:
        row.was_changed = form.has_changed()
        super().save_model(request, row, form, change)

    def log_change(self, request: HttpRequest, row: Model, message: Any) -> Any:
        return super().log_change(request, row, message) if getattr(row, "was_changed", True) else None

    def response_change(self, request: HttpRequest, row: Any) -> HttpResponse:
        if row.was_changed:
            return super().response_change(request, row)
        self.message_user(request, _("Nothing was changed."), django_messages.WARNING)
        return self.response_post_save_change(request, row)


def changes_in(form: ModelForm, names: Collection[str] | None = None) -> dict[str, dict[str, Any]]:
    """The changed fields of this form, or those among `names`: each with its "before" and "after", as JSON."""
    return {
        name: {"before": _plain(form.initial.get(name)), "after": _plain(form.cleaned_data[name])}
        for name in form.changed_data
        if names is None or name in names
    }


def _plain(value: Any) -> Any:
    """The value as JSON can hold it. Permissions are named as in `has_perm()`, groups by name."""
    if isinstance(value, (list, QuerySet)):
        return sorted(map(_name, value))
    return value


def _name(row: Model) -> str:
    return f"{row.content_type.app_label}.{row.codename}" if isinstance(row, Permission) else str(row)


class VerbAdmin(ChangesMixin):
    """A base for admin pages without adding and deleting rows. Every change is a verb of the model."""

    class Media:
        css = {"all": ["css/admin.css"]}

    list_per_page = 50
    paginator = BoundedPaginator
    show_full_result_count = False
    save_by_verb: Callable[[Any, dict[str, Any], Actor], bool]  # where there is a change form

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def run_verb(
        self,
        request: HttpRequest,
        queryset: QuerySet[Row],
        verb: Callable[..., object],
        *,
        log: _StrOrPromise,
        done: _StrOrPromise,
        unchanged: _StrOrPromise,
    ) -> None:
        """Run `verb` on each row, log the rows that it changed, and show how many changed and how many didn't.

        `done` and `unchanged` are plural forms (`ngettext_lazy`) of sentences with the number `n`. Nothing is
        changed if too many rows are selected.
        """
        if queryset[: self.paginator.MAX_ROWS + 1].count() > self.paginator.MAX_ROWS:
            sentence = _("More than %(n)d are selected, so nothing was changed. Search or filter first.")
            self.message_user(request, sentence % {"n": self.paginator.MAX_ROWS}, django_messages.ERROR)
            return
        rows = list(queryset)
        acted, failed = self._act_on_each(request, rows, verb, str(log))
        left = 0 if failed else len(rows) - acted
        sentences = [text % {"n": n} for text, n in ((done, acted), (unchanged, left)) if n]
        if failed:
            sentences.append(_("Then the database failed. The rest was not changed. Try again."))
        succeeded = django_messages.SUCCESS if acted else django_messages.WARNING
        self.message_user(request, " ".join(sentences), django_messages.ERROR if failed else succeeded)

    def _act_on_each(
        self, request: HttpRequest, rows: list[Row], verb: Callable[..., object], log: str
    ) -> tuple[int, bool]:
        """Call `verb` for each row, and log each row that it changed. Stop at the first database error.

        Returns how many rows changed, and whether there was a database error. Each call is a transaction of its own, so
        changes before the error stay.
        """
        acted, by = 0, acting_admin(request)
        for row in rows:
            try:
                if self._run_on_row(verb, row, by):
                    acted += 1
                    self.log_change(request, row, log)
            except DatabaseError:
                logger.exception("An admin action stopped at %s %s.", row._meta.label, row.pk)
                return acted, True
        return acted, False

    @staticmethod
    def _run_on_row(verb: Callable[..., object], row: Model, by: Actor) -> bool:
        """Run the verb and return whether it changed something; a Refused counts as no change."""
        with suppress(Refused):
            return bool(verb(row, by=by))
        return False

    # The change form of one field, which is saved by a verb

    def save_model(self, request: HttpRequest, row: Any, form: ModelForm, change: bool) -> None:
        row.was_changed = bool(form.changed_data) and self.save_by_verb(row, form.cleaned_data, acting_admin(request))
