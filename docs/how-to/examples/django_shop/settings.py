"""Settings. What differs between machines, and every secret, comes from the environment."""

import os
from pathlib import Path

BASE_DIR = Path(__file__).parent

SECRET_KEY = os.environ["SECRET_KEY"]
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "localhost,127.0.0.1").split(",")
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DATABASE"]}}

MAIL_URL = os.environ["MAIL_URL"]  # smtp+starttls://shop@mail.example.com:587
MAIL_PASSWORD = os.environ["MAIL_PASSWORD"]
SIGNING_KEY_FILE = os.environ["SIGNING_KEY_FILE"]  # PKCS #12: the company's key and certificates
SIGNING_KEY_PASSWORD = os.environ["SIGNING_KEY_PASSWORD"]
PASSPHRASE_KEYS = os.environ["PASSPHRASE_KEYS"].split(",")  # Fernet keys, the newest first

ROOT_URLCONF = "django_shop.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TIME_ZONE = "UTC"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_shop",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
STATIC_URL = "static/"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {
        name: {"handlers": ["console"], "level": "INFO"} for name in ("django_shop", "ondemand_attach")
    },
}
