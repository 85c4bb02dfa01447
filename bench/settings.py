"""Parlour's settings, with SQLite's `synchronous` taken from BENCH_SYNCHRONOUS."""

import os

from chat_app.settings import *  # noqa: F403
from chat_app.settings import DATABASES

OPTIONS = DATABASES["default"]["OPTIONS"]
OPTIONS["init_command"] = OPTIONS["init_command"].replace("FULL", os.environ["BENCH_SYNCHRONOUS"])
