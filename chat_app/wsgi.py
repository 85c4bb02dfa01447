"""Parlour for a WSGI server: the same URLs, without the gate."""

from chat_app import start

application = start.django()
