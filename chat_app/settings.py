"""Settings, read from the environment or .env and explained in docs/settings.md."""

import os
from pathlib import Path
from urllib.parse import quote

from django.core.exceptions import ImproperlyConfigured

from chat_app.environment import Env

BASE_DIR = Path(__file__).resolve().parent.parent

env = Env(os.environ.get("ENV_FILE", BASE_DIR / ".env"))

# Core

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY")
if not SECRET_KEY:
    raise ImproperlyConfigured("SECRET_KEY is empty. Remove its line from .env, and manage.py writes a new key there.")
HTTPS = env.bool("HTTPS", default=False)
ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
ADMIN_PATH = (env.str("ADMIN_PATH", default="admin/").strip("/") or "admin") + "/"
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)
SUBPATH = env.str("SUBPATH", default="").strip("/")
FORCE_SCRIPT_NAME = f"/{SUBPATH}" if SUBPATH else None
THREADS = env.int("THREADS", default=4)

ROOT_URLCONF = "chat_app.urls"
WSGI_APPLICATION = "chat_app.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "chat_app.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "tailwind",
    "theme",
    "chat",
]

MIDDLEWARE = [
    "chat.middleware.SecurityHeadersMiddleware",
    "chat.middleware.SubpathMiddleware",
    "chat.middleware.HealthMiddleware",
    "chat.middleware.ProxyMistakeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "chat.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "chat.middleware.TimeZoneMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "chat.middleware.CsrfCookieMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "chat.middleware.ErrorMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                "chat.template_loader.Loader",
                ("django.template.loaders.cached.Loader", ["django.template.loaders.app_directories.Loader"]),
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "chat.context_processors.site",
            ],
        },
    }
]

# Database and caches


def database(config):
    """Add what many writers at once need to these database settings, and return them."""
    config |= {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}
    if "sqlite" in config["ENGINE"]:
        # WAL: readers are not blocked by a writer. FULL: a message that was acknowledged survives a power cut.
        # IMMEDIATE: a transaction takes the write lock when it begins, so one that reads first can't fail half-way
        # with "database is locked". `timeout`: seconds to wait for the lock.
        config["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 5,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        }
    return config


def cache(url, entries):
    """Return Django's settings for a cache: in Redis at `url`, or in this process's memory if `url` is empty.

    `entries` is the maximum number of entries in memory.
    """
    keys = {"KEY_FUNCTION": "chat_app.caches.incarnation_key"}
    if url:
        return keys | {"BACKEND": "chat_app.caches.ForgivingRedisCache", "LOCATION": url}
    memory = "django.core.cache.backends.locmem.LocMemCache"
    return keys | {"BACKEND": memory, "OPTIONS": {"MAX_ENTRIES": entries}}


DATABASES = {
    "default": database(env.database("DATABASE_URL", default=f"sqlite:///{quote(str(BASE_DIR / 'parlour.sqlite3'))}"))
}
REDIS_URL = env.redis("REDIS_URL", default="")
CACHES = {
    "default": cache(REDIS_URL, entries=20_000),
    # Each entry is a rendered log of some tens of kilobytes, hence few entries.
    "logs": cache(REDIS_URL, entries=200) | {"LOCATION": REDIS_URL or "logs", "KEY_PREFIX": "logs"},
    "limits": cache(REDIS_URL, entries=100_000) | {"LOCATION": REDIS_URL or "limits", "KEY_PREFIX": "limits"},
}

# Accounts and sessions

AUTH_USER_MODEL = "chat.User"
LOGIN_REDIRECT_URL = "admin:index"  # after signing in to the admin with a `next` that leads elsewhere
# Never cached: a session that one process ended would stay alive in a cache that another process reads.
SESSION_ENGINE = "chat.sessions"
SESSION_COOKIE_AGE = 365 * 24 * 3600
SESSION_COOKIE_SAMESITE = "Lax"
# Browsers accept __Host- only for the whole host.
COOKIE_PREFIX = ("__Secure-" if SUBPATH else "__Host-") if HTTPS else ""
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}session", f"{COOKIE_PREFIX}csrf"
BROWSER_COOKIE_NAME = f"{COOKIE_PREFIX}browser"
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = f"/{SUBPATH}/" if SUBPATH else "/"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "chat.views.errors.stale_form"
ACCOUNTS = env.choice("ACCOUNTS", default="on", choices=("on", "off", "required"))
CREATE_ROOMS = env.choice("CREATE_ROOMS", default="anyone", choices=("anyone", "accounts", "staff"))
PASSWORD_RESET_TIMEOUT = 24 * 3600
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}Validator"}
    for name in ("UserAttributeSimilarity", "MinimumLength", "CommonPassword", "NumericPassword")
]

TWO_FACTOR = env.choice("TWO_FACTOR", default="optional", choices=["optional", "required"])
# django-otp would lock a device for everyone after wrong codes. limits.py counts them instead.
OTP_TOTP_THROTTLE_FACTOR = OTP_STATIC_THROTTLE_FACTOR = 0

# Email: links to reset a password

EMAIL = env.mail("EMAIL_URL", default="consolemail://")
EMAIL_BACKEND = EMAIL.pop("EMAIL_BACKEND")
EMAIL_HOST, EMAIL_PORT = EMAIL.get("EMAIL_HOST") or "localhost", EMAIL["EMAIL_PORT"]
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = EMAIL.get("EMAIL_HOST_USER") or "", EMAIL.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS, EMAIL_USE_SSL = EMAIL.get("EMAIL_USE_TLS", False), EMAIL.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="parlour@localhost")
SITE_URL = env.site_url("SITE_URL", default="")

# Security headers (except on DEBUG's error pages)

SECURE_CSP = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "data:"],
    "media-src": ["'self'"],
    "connect-src": ["'self'"],
    "form-action": ["'self'"],
    "frame-src": ["'self'"],
    "manifest-src": ["'self'"],
    "frame-ancestors": ["'self'"],
    "base-uri": ["'none'"],
}
X_FRAME_OPTIONS = "SAMEORIGIN"
SILENCED_SYSTEM_CHECKS = [
    "security.W019",  # demands DENY, but without JavaScript a room's page frames its own log
    "security.W021",  # demands HSTS_PRELOAD, but being in the browsers' list is the operator's decision
]
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = env.bool("HSTS_PRELOAD", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS and TRUSTED_PROXIES else None

# Language, time zone, static files

TIME_ZONE = env.time_zone("TIME_ZONE", default="UTC")
USE_TZ = True
LANGUAGES = [("en", "English")]
LANGUAGE_CODE = env.choice("LANGUAGE_CODE", default="en", choices=dict(LANGUAGES))
LOCALE_PATHS = [BASE_DIR / "locale"]

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "chat_app.static_files.Storage"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
TAILWIND_APP_NAME = "theme"

# Rooms and limits

NAME_HELD_DAYS = env.int("NAME_HELD_DAYS", default=30)
REMOVAL_MINUTES = env.int("REMOVAL_MINUTES", default=10)
EMPTY_ROOM_DAYS = env.int("EMPTY_ROOM_DAYS", default=14)
TYPING = env.bool("TYPING", default=True)
LIMITS = env.bool("LIMITS", default=True)
RESERVED_NAMES = env.list("RESERVED_NAMES", default=["admin", "administrator", "moderator", "owner", "staff", "system"])
LIMIT_RENAME_PERSON = env.str("LIMIT_RENAME_PERSON", default="5/3600")
LIMIT_SEND_PERSON = env.str("LIMIT_SEND_PERSON", default="30/60")
LIMIT_SEND_ADDRESS = env.str("LIMIT_SEND_ADDRESS", default="600/60")
LIMIT_SEND_ROOM = env.str("LIMIT_SEND_ROOM", default="1200/60")
LIMIT_TYPING_PERSON = env.str("LIMIT_TYPING_PERSON", default="60/60")
LIMIT_JOIN_PERSON = env.str("LIMIT_JOIN_PERSON", default="30/600")
LIMIT_JOIN_ADDRESS = env.str("LIMIT_JOIN_ADDRESS", default="600/600")
LIMIT_JOIN_ROOM = env.str("LIMIT_JOIN_ROOM", default="3000/600")
LIMIT_PREFERENCES_PERSON = env.str("LIMIT_PREFERENCES_PERSON", default="30/600")
LIMIT_INVITE_PERSON = env.str("LIMIT_INVITE_PERSON", default="20/3600")
LIMIT_INVITE_ROOM = env.str("LIMIT_INVITE_ROOM", default="60/3600")
LIMIT_CHAT_REQUEST_PERSON = env.str("LIMIT_CHAT_REQUEST_PERSON", default="20/3600")
LIMIT_CHAT_REQUEST_ADDRESS = env.str("LIMIT_CHAT_REQUEST_ADDRESS", default="100/3600")
LIMIT_SETTINGS_PERSON = env.str("LIMIT_SETTINGS_PERSON", default="30/600")
LIMIT_SIGN_IN_ADDRESS = env.str("LIMIT_SIGN_IN_ADDRESS", default="20/600")
LIMIT_SIGN_IN_NAME = env.str("LIMIT_SIGN_IN_NAME", default="10/600")
LIMIT_SIGN_IN_BROWSER = env.str("LIMIT_SIGN_IN_BROWSER", default="10/600")
LIMIT_KNOWN_BROWSER_NAME = env.str("LIMIT_KNOWN_BROWSER_NAME", default="10/86400")
LIMIT_CODE_NAME = env.str("LIMIT_CODE_NAME", default="20/86400")
LIMIT_CONFIRM_PERSON = env.str("LIMIT_CONFIRM_PERSON", default="10/600")
LIMIT_ACCOUNT_ADDRESS = env.str("LIMIT_ACCOUNT_ADDRESS", default="20/3600")
LIMIT_ACCOUNT_SITE = env.str("LIMIT_ACCOUNT_SITE", default="200/3600")
LIMIT_RESET_ADDRESS = env.str("LIMIT_RESET_ADDRESS", default="10/3600")
LIMIT_RESET_NAME = env.str("LIMIT_RESET_NAME", default="3/3600")
LIMIT_LINK_PERSON = env.str("LIMIT_LINK_PERSON", default="20/3600")
LIMIT_SIGN_IN_SITE = env.str("LIMIT_SIGN_IN_SITE", default="120/60")
LIMIT_CREATE_PERSON = env.str("LIMIT_CREATE_PERSON", default="10/3600")
LIMIT_CREATE_ADDRESS = env.str("LIMIT_CREATE_ADDRESS", default="60/3600")
LIMIT_CREATE_SITE = env.str("LIMIT_CREATE_SITE", default="300/3600")
MAX_HEADS_ADDRESS = env.int("MAX_HEADS_ADDRESS", default=1000)
MAX_BODIES_ADDRESS = env.int("MAX_BODIES_ADDRESS", default=200)
MAX_REFUSED_ADDRESS = env.int("MAX_REFUSED_ADDRESS", default=1000)
MAX_HELD_ADDRESS = env.int("MAX_HELD_ADDRESS", default=1000)

# Logging: never message text, tokens or cookies

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "minute": {"()": "chat_app.logs.OnceAMinute"},
        "keys": {"()": "chat_app.logs.WithoutKeys"},
        "controls": {"()": "chat_app.logs.WithoutControls"},
    },
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["minute", "keys", "controls"],
        }
    },
    "root": {"handlers": ["console"], "level": env.log_level("LOG_LEVEL", default="WARNING")},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "django.request": {"level": "ERROR"},
        "django.security.DisallowedHost": {"level": "CRITICAL"},  # chat.views.errors logs it in one line
    },
}
