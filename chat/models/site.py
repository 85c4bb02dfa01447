"""The site: name, welcome, contact, rules and privacy notice, in one row that is edited in the admin."""

from __future__ import annotations

from django.db import DatabaseError, InterfaceError, models
from django.utils.translation import gettext_lazy as _


class Site(models.Model):
    name = models.CharField(_("name"), max_length=64, default="Parlour")
    welcome = models.CharField(
        _("welcome"),
        max_length=300,
        blank=True,
        default="Type a room and a name, and you are in.",
        help_text=_("One sentence below the name on the home page."),
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

    @classmethod
    def current(cls) -> Site:
        """Return the only row, or the defaults if there is none or the database fails (error pages need a name too)."""
        try:
            return cls.objects.first() or cls()
        except (DatabaseError, InterfaceError):
            return cls()
