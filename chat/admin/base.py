"""Shared by the admin's lists: actions call the models' verbs and are logged; long lists stay fast."""

from django.contrib import admin
from django.contrib import messages as django_messages
from django.core.paginator import Paginator
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.translation import ngettext


def link(to, text):
    """A link to another object's page in the admin."""
    meta = to._meta
    return format_html(
        '<a href="{}">{}</a>', reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[to.pk]), text
    )


def count_of(model, field):
    """A subquery that counts the rows of `model` whose `field` refers to this row."""
    counted = model.objects.filter(**{field: OuterRef("pk")}).order_by().values(field).annotate(n=Count("pk"))
    return Coalesce(Subquery(counted.values("n")), 0)


class BoundedPaginator(Paginator):
    """Lists the first rows only: counting a large table takes longer than anything else on the page."""

    MAX_ROWS = 10_000

    @cached_property
    def count(self):
        return self.object_list.order_by().values("pk")[: self.MAX_ROWS].count()


class VerbAdmin(admin.ModelAdmin):
    """Rows are created in the product, not here. Each action on them is a verb and is logged."""

    class Media:
        css = {"all": ["css/admin.css"]}

    list_per_page = 50
    paginator = BoundedPaginator
    show_full_result_count = False

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def run_verb(self, request, queryset, verb, word):
        """Call `verb` on each, log it, and show how many there were."""
        for thing in queryset:
            verb(thing)
            self.log_change(request, thing, str(word))
        done = ngettext("%(n)d: %(word)s.", "%(n)d: %(word)s.", len(queryset)) % {"n": len(queryset), "word": word}
        self.message_user(request, done, django_messages.SUCCESS)
