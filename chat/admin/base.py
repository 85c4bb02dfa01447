"""The base of the admin's lists: actions run model verbs, then count and log the changes; long lists stay fast."""

import logging
from contextlib import suppress

from django.contrib import admin
from django.contrib import messages as django_messages
from django.core.paginator import Paginator
from django.db import DatabaseError
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.translation import gettext as _

from chat.exceptions import Refused
from chat.models import Actor

logger = logging.getLogger(__name__)


def link(to, text):
    """An HTML link with this text to the admin's page of the object `to`."""
    meta = to._meta
    return format_html(
        '<a href="{}">{}</a>', reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[to.pk]), text
    )


def count_of(model, field):
    """Return a subquery that counts the rows of `model` whose foreign key `field` points to the outer query's row."""
    counted = model.objects.filter(**{field: OuterRef("pk")}).order_by().values(field).annotate(n=Count("pk"))
    return Coalesce(Subquery(counted.values("n")), 0)


class BoundedPaginator(Paginator):
    """A paginator that lists at most the first MAX_ROWS rows, because counting all rows of a large table is slow."""

    MAX_ROWS = 10_000

    @cached_property
    def count(self):
        return self.object_list.order_by().values("pk")[: self.MAX_ROWS].count()


class VerbAdmin(admin.ModelAdmin):
    """Rows are created in the product, not here. Every change is a verb of the model."""

    class Media:
        css = {"all": ["css/admin.css"]}

    list_per_page = 50
    paginator = BoundedPaginator
    show_full_result_count = False

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def run_verb(self, request, queryset, verb, *, log, done, unchanged):
        """Run `verb` on each row, log the rows that it changed, and show how many changed and how many didn't.

        `done` and `unchanged` are plural forms (`ngettext_lazy`) of sentences with the number `n`. Nothing is
        changed if too many rows are selected.
        """
        if queryset[: self.paginator.MAX_ROWS + 1].count() > self.paginator.MAX_ROWS:
            sentence = _("More than %(n)d are selected. Search or filter first; nothing was changed.")
            self.message_user(request, sentence % {"n": self.paginator.MAX_ROWS}, django_messages.ERROR)
            return
        rows = list(queryset)
        acted, failed = self._act_on_each(request, rows, verb, str(log))
        left = 0 if failed else len(rows) - acted
        sentences = [text % {"n": n} for text, n in ((done, acted), (unchanged, left)) if n]
        if failed:
            sentences.append(_("Then the database failed: the others were not tried. Try again."))
        succeeded = django_messages.SUCCESS if acted else django_messages.WARNING
        self.message_user(request, " ".join(sentences), django_messages.ERROR if failed else succeeded)

    def _act_on_each(self, request, rows, verb, log):
        """Log each row as soon as its verb has changed it. Returns how many changed, and whether the database failed.

        Each verb is a transaction of its own, so what was done before an error stays done.
        """
        acted, by = 0, Actor.site_admin(request.user)
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
    def _run_on_row(verb, row, by):
        """Run the verb and return whether it changed something; a Refused counts as no change."""
        with suppress(Refused):
            return verb(row, by=by)
        return False

    # The change form of one field, which is saved by a verb

    def save_model(self, request, row, form, change):
        row.was_changed = bool(form.changed_data) and self.save_by_verb(
            row, form.cleaned_data, Actor.site_admin(request.user)
        )

    def log_change(self, request, row, message):
        return super().log_change(request, row, message) if getattr(row, "was_changed", True) else None

    def response_change(self, request, row):
        if row.was_changed:
            return super().response_change(request, row)
        self.message_user(request, _("Nothing was changed."), django_messages.WARNING)
        return self.response_post_save_change(request, row)
