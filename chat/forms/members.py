"""The form that changes a member's role."""

from __future__ import annotations

from django import forms

from chat.models import Membership


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=Membership.Role)
    confirmed = forms.BooleanField(required=False)

    @property
    def is_confirmed(self) -> bool:
        return bool(self.cleaned_data["role"] != Membership.Role.OWNER or self.cleaned_data["confirmed"])
