"""Parlour's own settings, with one more choice for figures: how safely SQLite writes."""

import os

from chat_app.settings import *  # noqa: F403
from chat_app.settings import DATABASES

OPTIONS = DATABASES["default"]["OPTIONS"]
OPTIONS["init_command"] = OPTIONS["init_command"].replace("FULL", os.environ["BENCH_SYNCHRONOUS"])
