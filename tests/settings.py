"""The settings of the test run: the product's own, in a clean environment, with nothing collected beforehand."""

import os
import tempfile
from pathlib import Path

os.environ["ENV_FILE"] = os.devnull
os.environ.update({"SECRET_KEY": "for-tests-only-" + "x" * 50, "DEBUG": "off", "HTTPS": "off", "LIMITS": "on"})

# No test speaks TLS, but each HTTP client would read all certificates, which takes 25 ms. A folder is read when needed.
os.environ.pop("SSL_CERT_FILE", None)
os.environ["SSL_CERT_DIR"] = os.devnull

from chat_app.settings import *  # noqa: F403
from chat_app.settings import DATABASES, STORAGES

# A file, so that the server's threads see the rows of the tests, with real locks. In memory (/dev/shm) if possible, so
# that no test waits for the disk.
FOLDER = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else Path(tempfile.gettempdir())
DATABASES["default"].setdefault("TEST", {})["NAME"] = (
    FOLDER / f"parlour-test-{os.environ.get('PYTEST_XDIST_TESTRUNUID', os.getpid())}.sqlite3"
    if "sqlite" in DATABASES["default"]["ENGINE"]
    else "parlour_test"
)
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "testserver"]
SITE_URL = "http://testserver"

if "sqlite" not in DATABASES["default"]["ENGINE"]:
    # The server's threads live longer than a test, and PostgreSQL can't drop a database with open connections.
    DATABASES["default"]["CONN_MAX_AGE"] = 0
