"""The base of all forms: run a model's verb with the input, and show a refusal at the right field."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chat.exceptions import LimitExceeded, Refused

KEY = re.compile(r"\A[A-Za-z0-9_-]{8,40}\Z", re.ASCII)  # the key of a form or a page, as `secrets` makes them


class VerbForm(forms.Form):
    """A form that passes its fields to a model's verb, and shows the verb's refusal.

    `verb_fields` names the fields to pass, by default all. A refusal is shown at `error_field`, or at the field that
    `error_fields_by_code` gives for its code.
    """

    error_field: ClassVar[str]
    error_fields_by_code: ClassVar[dict[str, str]] = {}
    refusal: Refused | None = None
    exceeded: LimitExceeded | None = None
    result: Any

    @property
    def verb_fields(self) -> list[str]:
        return list(self.fields)

    def submit(self, verb: Callable[..., Any]) -> bool:
        """Validate, then run the verb. Returns whether both succeeded; `result` is what the verb returned.

        The verb's refusal becomes an error of the form; it is raised only if the room was deleted.
        """
        if not self.is_valid():
            return False
        try:
            self.result = verb(**{field: self.cleaned_data[field] for field in self.verb_fields})
        except Refused as refusal:
            if refusal.code == "deleted":
                raise  # The room is gone, so there is no page left to show this form in.
            self.refusal = refusal
            self.add_error(self.error_fields_by_code.get(refusal.code or "", self.error_field), refusal)
        return not self.errors

    def submit_within(self, check: Callable[[], None], verb: Callable[..., Any]) -> bool:
        """Submit a bound form, unless `check` raises that the limit for tries is used up: that is an error too."""
        if not self.is_bound:
            return False
        try:
            check()
        except LimitExceeded as exceeded:
            self.exceeded = exceeded
            self.add_error(self.error_field, _try_again(exceeded.wait))
            return False
        return self.submit(verb)

    @property
    def status(self) -> int:
        """The HTTP status of a page with this form."""
        if self.exceeded:
            return 429
        return 422 if self.errors else 200


def _try_again(wait: int) -> str:
    """Say when to try again, in seconds or, from two minutes on, in minutes (rounded up)."""
    sentence = _("Too many attempts, so this one wasn’t checked. Your account isn’t locked.")
    minutes = -(-wait // 60)
    again = (
        ngettext("Try again in %d second.", "Try again in %d seconds.", wait) % wait
        if wait < 120
        else ngettext("Try again in %d minute.", "Try again in %d minutes.", minutes) % minutes
    )
    return f"{sentence} {again}"


class OwnFieldsForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at runtime
    """A model form that saves only its own fields, so that it doesn't overwrite others, such as `generation`."""

    def save(self) -> None:  # type: ignore[override]  # always commits
        self.instance.save(update_fields=self._meta.fields)


def submitted_data(request: HttpRequest) -> QueryDict | None:
    """Return the data of a POST; None for other methods, which only show the form."""
    return request.POST if request.method == "POST" else None
