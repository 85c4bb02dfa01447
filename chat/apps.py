"""The product as a Django app; its system checks are registered when it is ready."""

from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "chat"
    verbose_name = "Parlour"

    def ready(self):
        from chat import checks  # noqa: F401  (registers the checks)
