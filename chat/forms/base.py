"""What every form shares: it ends in a verb of a model, and shows a refusal beside the right field."""

import re

from django import forms

from chat.exceptions import Refused

KEY = re.compile(r"\A[A-Za-z0-9_-]{8,40}\Z", re.ASCII)  # of a form or a page, as `secrets` makes them


class VerbForm(forms.Form):
    """A form that ends in a verb of a model."""

    refusal = None
    error_fields_by_code: dict[str, str] = {}

    def does(self, verb):
        """Whether the input was good and the verb agreed; what it answered is then in `result`."""
        if not self.is_valid():
            return False
        try:
            self.result = verb(**{field: self.cleaned_data[field] for field in self.verb_fields})
        except Refused as refusal:
            if refusal.code == "deleted":
                raise  # There is nothing left to show this form in.
            self.refusal = refusal
            self.add_error(self.error_fields_by_code.get(refusal.code, self.error_field), refusal)
        return not self.errors


class OwnFieldsForm(forms.ModelForm):
    """Writes its own fields alone, so that it undoes nothing else of the row, such as another generation."""

    def save(self):
        self.instance.save(update_fields=self._meta.fields)


def submitted_data(request):
    """What was sent with a form, or None where it is only shown."""
    return request.POST if request.method == "POST" else None
