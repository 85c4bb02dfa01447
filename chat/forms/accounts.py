"""The forms of accounts: creating one, signing in, passwords and email addresses."""

from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from chat.exceptions import Refused
from chat.forms.base import VerbForm
from chat.forms.fields import NameField, NicknameField, PasswordField
from chat.models import Participant, User
from chat.names.normalize import display_name, nickname_key
from chat.names.validators import MAX_NAME_LENGTH

WHY_NOT = {  # by the code of Django's validators, whose own words are for machines
    "password_too_short": _("This is too short. Take at least 8 characters: some words in a row are easy to remember."),
    "password_too_common": _("Many people use this one, so it is tried first. Take another."),
    "password_entirely_numeric": _("Numbers alone are soon guessed. Add some words."),
    "password_too_similar": _("This is too much like your name or your e-mail address. Take something else."),
}


def password_problems(password, name="", email=""):
    """The reasons against this password for an account of that name and e-mail address, or none."""
    try:
        validate_password(password, User(username=name, email=email))
    except ValidationError as refused:
        return [WHY_NOT.get(error.code, error) for error in refused.error_list]
    return []


class NewPasswordField(PasswordField):
    """Of a form that says with `must_be_good` for whom it is."""

    def __init__(self, **kwargs):
        super().__init__("new-password", help_text=_("At least 8 characters, and none that many people use."), **kwargs)


def check_password(form, field, name, email):
    """Say beside that field what speaks against the new password in it."""
    if password := form.cleaned_data.get(field):
        for reason in password_problems(password, name, email):
            form.add_error(field, reason)


def email_field():
    return forms.EmailField(
        label=_("E-mail address"),
        required=False,
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={
            "invalid": _("This does not look like an e-mail address; one is like ann@example.org."),
            "max_length": _("No e-mail address is as long as this."),
        },
        help_text=_("If you like: only by it can you get another password. Nobody sees it but the site’s staff."),
    )


def name_field(kind=NameField):
    field = kind(label=_("Name"))
    field.widget.attrs = {"autocomplete": "username", "autocapitalize": "off", "spellcheck": "false", "dir": "auto"}
    return field


class CreateAccountForm(VerbForm):
    """Be an account from now on."""

    error_field = "name"
    verb_fields = ["name", "password", "email"]

    name = name_field(NicknameField)
    password = NewPasswordField(label=_("Password"))
    email = email_field()

    def clean(self):
        check_password(self, "password", self.cleaned_data.get("name", ""), self.cleaned_data.get("email", ""))


class SignInForm(VerbForm):
    error_field = "password"
    verb_fields = ["name", "password"]

    name = name_field()
    password = PasswordField("current-password", label=_("Password"))
    bring = forms.BooleanField(
        label=_("Bring along the rooms in which I am a guest in this browser"),
        required=False,
        help_text=_("Without this the guest’s names stay the guest’s, and this browser lets go of them."),
    )

    def __init__(self, data=None, *, name=None, guest=None):
        super().__init__(data, initial={"name": name})
        self.guest = guest
        if guest is None:
            del self.fields["bring"]

    @property
    def key(self):
        """What tries to sign in by this name are counted under."""
        return nickname_key(display_name(self.data.get("name", ""))[:MAX_NAME_LENGTH])

    def sign_in(self):
        """Whether somebody may sign in by this; as whom is in `result`. Wrong name and wrong password are alike."""
        return self.does(self._known)

    def _known(self, name, password):
        account = not User.objects.filter(username=name).exists() and Participant.with_name(name)
        user = authenticate(username=account.user.username if account else name, password=password)
        if user is None:
            raise Refused(_("Name and password do not go together. Try again."), code="unknown")
        participant = Participant.objects.filter(user=user).first() or Participant.objects.for_user(user)
        if self.cleaned_data.get("bring"):
            participant.merge_guest(self.guest)
        return participant


class PasswordForm(VerbForm):
    """Another password."""

    error_field = "old"
    verb_fields = ["old", "new"]

    old = PasswordField("current-password", label=_("Your password until now"))
    new = NewPasswordField(label=_("Your new password"))

    def __init__(self, data=None, *, user):
        super().__init__(data)
        self.user = user

    def clean(self):
        check_password(self, "new", self.user.username, self.user.email)


class EmailForm(VerbForm):
    error_field = "password"
    verb_fields = ["email", "password"]

    email = email_field()
    password = PasswordField("current-password", label=_("Your password"))


class DeleteAccountForm(VerbForm):
    error_field = "password"
    verb_fields = ["password"]

    password = PasswordField("current-password", label=_("Your password"))


class ResetForm(forms.Form):
    """Who forgot a password."""

    who = forms.CharField(
        label=_("Your name or your e-mail address"),
        max_length=254,
        widget=forms.TextInput(attrs={"dir": "auto"}),
        error_messages={"required": _("Please write your name or your e-mail address.")},
    )

    @property
    def users(self):
        """The accounts that are meant, as far as they have an address to write to; staff is not reset by mail."""
        who = self.cleaned_data["who"]
        account = Participant.with_name(who)
        named = User.objects.filter(pk=account.user_id) if account else User.objects.none()
        found = named | User.objects.filter(email__iexact=who, participant__isnull=False)
        return found.exclude(email="").filter(is_active=True, is_staff=False).order_by("pk")[:5]


class NewPasswordForm(forms.Form):
    """Another password for whom one was mailed a link."""

    password = NewPasswordField(label=_("Your new password"))

    def __init__(self, data=None, *, user):
        super().__init__(data)
        self.user = user

    def clean(self):
        check_password(self, "password", self.user.username, self.user.email)
