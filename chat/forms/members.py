"""The forms for a member's role, and to search members."""

from __future__ import annotations

from django import forms

from chat.models import Membership


class SearchForm(forms.Form):
    q = forms.CharField(max_length=64, required=False)

    @property
    def text(self) -> str:
        """What to search for; empty if that can't be in a nickname."""
        return self.cleaned_data["q"] if self.is_valid() else ""


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=Membership.Role)
    confirmed = forms.BooleanField(required=False)

    @property
    def is_confirmed(self) -> bool:
        return bool(self.cleaned_data["role"] != Membership.Role.OWNER or self.cleaned_data["confirmed"])
