"""What people type in to go on as themselves: names, passwords, e-mail addresses, personal links."""

from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from chat import names, passwords
from chat.forms import NameField, NicknameField, VerbForm
from chat.models import Participant
from chat.refusals import Refused


class PasswordField(forms.CharField):
    """Never shown again, and taken as it was typed."""

    def __init__(self, autocomplete, **kwargs):
        widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
        words = {"required": _("Please write a password."), "max_length": _("This is longer than 256 characters.")}
        super().__init__(strip=False, max_length=256, widget=widget, error_messages=words, **kwargs)


class NewPasswordField(PasswordField):
    """Of a form that says with `must_be_good` for whom it is."""

    def __init__(self, **kwargs):
        super().__init__("new-password", help_text=_("At least 8 characters, and none that many people use."), **kwargs)


def must_be_good(form, field, name, email):
    """Say beside that field what speaks against the new password in it."""
    if password := form.cleaned_data.get(field):
        for reason in passwords.why_not(password, name, email):
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


class KeepNameForm(VerbForm):
    """Be an account from now on."""

    speaks_at = "name"
    spoken = ["name", "password", "email"]

    name = name_field(NicknameField)
    password = NewPasswordField(label=_("Password"))
    email = email_field()

    def clean(self):
        must_be_good(self, "password", self.cleaned_data.get("name", ""), self.cleaned_data.get("email", ""))


class SignInForm(VerbForm):
    speaks_at = "password"
    spoken = ["name", "password"]

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
        return names.nickname_key(names.display(self.data.get("name", ""))[: names.LONGEST])

    def signs_in(self):
        """Whether somebody may sign in by this; as whom is in `result`. Wrong name and wrong password are alike."""
        return self.does(self._known)

    def _known(self, name, password):
        account = not User.objects.filter(username=name).exists() and Participant.whose_name_is(name)
        user = authenticate(username=account.user.username if account else name, password=password)
        if user is None:
            raise Refused(_("Name and password do not go together. Try again."), code="unknown")
        participant = Participant.objects.filter(user=user).first() or Participant.objects.of_user(user)
        if self.cleaned_data.get("bring"):
            participant.bring_along(self.guest)
        return participant


class PasswordForm(VerbForm):
    """Another password."""

    speaks_at = "old"
    spoken = ["old", "new"]

    old = PasswordField("current-password", label=_("Your password until now"))
    new = NewPasswordField(label=_("Your new password"))

    def __init__(self, data=None, *, user):
        super().__init__(data)
        self.user = user

    def clean(self):
        must_be_good(self, "new", self.user.username, self.user.email)


class EmailForm(VerbForm):
    speaks_at = "password"
    spoken = ["email", "password"]

    email = email_field()
    password = PasswordField("current-password", label=_("Your password"))


class DeleteAccountForm(VerbForm):
    speaks_at = "password"
    spoken = ["password"]

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
        account = Participant.whose_name_is(who)
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
        must_be_good(self, "password", self.user.username, self.user.email)


class PersonalLinkForm(VerbForm):
    speaks_at = "hours"
    spoken = ["hours"]

    hours = forms.TypedChoiceField(
        label=_("Works for"), coerce=int, initial=1, choices=[(1, _("an hour")), (24, _("a day")), (168, _("a week"))]
    )


class ContinueForm(VerbForm):
    """Go on as somebody by their link."""

    speaks_at = "sign_out_others"
    spoken = ["sign_out_others"]

    sign_out_others = forms.BooleanField(label=_("Sign out the browsers in which I was before"), required=False)
