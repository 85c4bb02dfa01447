"""The settings of the test run: the product's own, in a clean environment, with nothing collected beforehand."""

import os
import tempfile
from pathlib import Path

os.environ["ENV_FILE"] = os.devnull
os.environ.update({"SECRET_KEY": "for-tests-only-" + "x" * 50, "DEBUG": "off", "HTTPS": "off", "LIMITS": "on"})

from chat_app.settings import *  # noqa: F403
from chat_app.settings import DATABASES, STORAGES

# A file, not memory: the server's threads and the tests must see the same rows, with the locks of real life.
DATABASES["default"].setdefault("TEST", {})["NAME"] = (
    Path(tempfile.gettempdir()) / f"parlour-test-{os.environ.get('PYTEST_XDIST_TESTRUNUID', os.getpid())}.sqlite3"
    if "sqlite" in DATABASES["default"]["ENGINE"]
    else "parlour_test"
)
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "testserver"]

if "sqlite" not in DATABASES["default"]["ENGINE"]:
    # The threads of the server outlive a test; PostgreSQL drops no database to which they are still connected.
    DATABASES["default"]["CONN_MAX_AGE"] = 0
