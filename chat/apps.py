"""The Django app: registers system checks, admin pages and signal handlers when Django starts."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ChatConfig(AppConfig):
    name = "chat"
    verbose_name = "Parlour"

    def ready(self):
        from chat import checks  # noqa: F401  (registers the checks)
        from chat.admin import registration  # noqa: F401  (registers the admin, after the apps whose models it unregisters)
        from chat.models import integer_in, user_signals  # noqa: F401  (registers the lookup, connects the signals)
        from chat.models.installation import create_installation

        post_migrate.connect(create_installation, sender=self)
