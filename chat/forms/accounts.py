"""The forms of accounts: creating and deleting one, signing in, passwords and email addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from chat.exceptions import Refused
from chat.forms.base import VerbForm
from chat.forms.fields import NameField, NicknameField, PasswordField
from chat.models import Participant, User, two_factor

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

PASSWORD_ERRORS = {  # by the code of Django's validators; these messages also say what to do
    "password_too_short": _("Too short. Use at least 8 characters. A few words in a row are easy to remember."),
    "password_too_common": _("This password is too common. Choose another one."),
    "password_entirely_numeric": _("Numbers alone are easy to guess. Add some words."),
    "password_too_similar": _("This is too similar to your name or email address. Choose another one."),
}


def password_problems(password: str, name: str = "", email: str = "") -> list[_StrOrPromise | ValidationError]:
    """Return why this password is refused for an account of that name and email address; [] if it is accepted."""
    try:
        validate_password(password, User(username=name, email=email))
    except ValidationError as refused:
        return [PASSWORD_ERRORS.get(error.code or "", error) for error in refused.error_list]
    return []


class NewPasswordField(PasswordField):
    """A field for a new password. It does not check how safe it is: the form has to call `check_password` for that."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("new-password", help_text=_("At least 8 characters. Avoid common passwords."), **kwargs)


def check_password(form: forms.Form, field: str, name: str, email: str) -> None:
    """Check the new password in this field, and add each problem as an error. `name` and `email` are the account's."""
    if password := form.cleaned_data.get(field):
        for reason in password_problems(password, name, email):
            form.add_error(field, reason)


def email_field() -> forms.EmailField:
    return forms.EmailField(
        label=_("Email address"),
        required=False,
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={
            "invalid": _("Enter an email address, such as ann@example.org."),
            "max_length": _("This is too long for an email address."),
        },
        help_text=_("Optional. Needed to reset your password. Only site admins can see it."),
    )


def name_field(kind: type[NameField] = NameField) -> NameField:
    field = kind(label=_("Name"))
    field.widget.attrs = {"autocomplete": "username", "autocapitalize": "off", "spellcheck": "false", "dir": "auto"}
    return field


class CreateAccountForm(VerbForm):
    error_field = "name"
    verb_fields = ["name", "password", "email"]

    name = name_field(NicknameField)
    password = NewPasswordField(label=_("Password"))
    email = email_field()

    def clean(self) -> None:
        check_password(self, "password", self.cleaned_data.get("name", ""), self.cleaned_data.get("email", ""))


class SignInForm(VerbForm):
    error_field = "password"
    verb_fields = ["name", "password"]

    name = name_field()
    password = PasswordField("current-password", label=_("Password"))
    bring = forms.BooleanField(
        label=_("Add the rooms I joined as a guest in this browser"),
        required=False,
        help_text=_("If not, you lose the guest’s nicknames in this browser."),
    )

    def __init__(
        self, data: QueryDict | None = None, *, name: str | None = None, guest: Participant | None = None
    ) -> None:
        super().__init__(data, initial={"name": name})
        if guest is None:
            del self.fields["bring"]

    def authenticate(self, name: str, password: str) -> Participant:
        """Return the participant with this name and password. It is not signed in yet.

        Raises Refused; an unknown name and a wrong password give the same error.
        """
        account = not User.objects.filter(username=name).exists() and Participant.by_account_name(name)
        user = authenticate(username=account.user.username if account and account.user else name, password=password)
        if user is None:
            raise Refused(_("Wrong name or password. Try again."), code="unknown")
        two_factor.check_may_sign_in(user)
        return Participant.objects.filter(user=user).first() or Participant.objects.for_user(user)


class PasswordForm(VerbForm):
    error_field = "old"
    verb_fields = ["old", "new"]

    old = PasswordField("current-password", label=_("Current password"))
    new = NewPasswordField(label=_("New password"))

    def __init__(self, data: QueryDict | None = None, *, user: User) -> None:
        super().__init__(data)
        self.user = user

    def clean(self) -> None:
        check_password(self, "new", self.user.username, self.user.email)


class EmailForm(VerbForm):
    error_field = "password"
    verb_fields = ["email", "password"]

    email = email_field()
    password = PasswordField("current-password", label=_("Your password"))

    def __init__(self, data: QueryDict | None = None, *, user: User) -> None:
        super().__init__(data, initial={"email": user.email})


class DeleteAccountForm(VerbForm):
    error_field = "password"
    verb_fields = ["password"]

    password = PasswordField("current-password", label=_("Your password"))


class ResetForm(VerbForm):
    error_field = "who"

    who = forms.CharField(
        label=_("Your name or email address"),
        max_length=254,
        widget=forms.TextInput(attrs={"dir": "auto"}),
        error_messages={"required": _("Enter your name or email address.")},
    )

    @property
    def users(self) -> QuerySet[User]:
        """The accounts with that name (or a look-alike) or email address that can be reset by email, at most 5.

        Accounts without an address, deactivated accounts and site staff can't. The queries are the same if there is no
        account.
        """
        who = self.cleaned_data["who"]
        account = Participant.by_account_name(who)
        named = Q(pk=(account and account.user_id) or 0)
        found = User.objects.filter(named | Q(email__iexact=who, participant__isnull=False))
        return found.exclude(email="").filter(is_active=True, is_staff=False).order_by("pk")[:5]


class NewPasswordForm(VerbForm):
    """The form on the page that a password reset link leads to, for the verb `user.reset_password`."""

    error_field = "password"

    password = NewPasswordField(label=_("New password"))

    def __init__(self, data: QueryDict | None = None, *, user: User) -> None:
        super().__init__(data)
        self.user = user

    def clean(self) -> None:
        check_password(self, "password", self.user.username, self.user.email)
