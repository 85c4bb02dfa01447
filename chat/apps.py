"""The Django app: registers system checks and admin pages when it is ready."""

from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "chat"
    verbose_name = "Parlour"

    def ready(self):
        from chat import checks  # noqa: F401  (registers the checks)
        from chat.admin import registration  # noqa: F401  (after the apps whose models it unregisters)
        from chat.models import user_signals  # noqa: F401  (connects the signals)
