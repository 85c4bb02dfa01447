"""Parlour where each address of this machine (127.0.0.1, 127.0.0.2, …) is a network of its own, as others are."""

from operator import itemgetter

from chat_app.asgi import application

application.network_of = itemgetter("REMOTE_ADDR")
