"""The chat as a Django app, which registers system checks and admin pages when it is ready."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ChatConfig(AppConfig):
    name = "chat"
    verbose_name = "Parlour"

    def ready(self):
        from chat import checks  # noqa: F401  (registers the checks)
        from chat.admin import registration  # noqa: F401  (after the apps whose models it unregisters)
        from chat.models.installation import create_installation

        post_migrate.connect(create_installation, sender=self)
