"""The site: name, welcome, contact, rules and privacy notice, in one row that is edited in the admin."""

from __future__ import annotations

from django.conf import settings
from django.db import DatabaseError, InterfaceError, models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class Site(models.Model):
    name = models.CharField(_("name"), max_length=64, default="Parlour")
    welcome = models.CharField(
        _("welcome"),
        max_length=300,
        blank=True,
        help_text=_("One sentence below the name on the home page. Leave blank for Parlour’s own."),
    )
    contact = models.CharField(
        _("contact"),
        max_length=200,
        blank=True,
        help_text=_(
            "Where people can get help: an email address, a web address or a sentence. Shown on every error page."
        ),
    )
    rules = models.TextField(
        _("rules"), blank=True, help_text=_("The page “Rules”. Plain text. Linked when not empty.")
    )
    privacy = models.TextField(
        _("privacy and legal notice"),
        blank=True,
        help_text=_("The page “Privacy and legal notice”. Plain text. Linked when not empty."),
    )

    class Meta:
        verbose_name = verbose_name_plural = _("site")

    def __str__(self) -> str:
        return self.name

    @property
    def introduction(self) -> str:
        """The site's welcome, or if there is none, a sentence that says what is special about Parlour."""
        if self.welcome:
            return self.welcome
        if settings.ACCOUNTS == "required":
            return gettext("Chat in any browser, without an app.")
        return gettext("Chat in any browser, without an account or an app.")

    @classmethod
    def current(cls) -> Site:
        """Return the only row, or the defaults if there is none or the database fails (error pages need a name too)."""
        try:
            return cls.objects.first() or cls()
        except (DatabaseError, InterfaceError):
            return cls()
