"""The theme as a Django app, so that its built stylesheet is found."""

from django.apps import AppConfig


class ThemeConfig(AppConfig):
    name = "theme"
