"""One settings file for a laptop, CI and production; what differs comes from the environment.

| variable          | a laptop  | the build of an image      | production                 |
|-------------------|-----------|----------------------------|----------------------------|
| `DEBUG`           | `1`       |                            |                            |
| `SECRET_KEY`      |           |                            | required                   |
| `ALLOWED_HOSTS`   |           |                            | `lantern.example,...`      |
| `RELEASE_VERSION` |           | `v1.2.3`                   | `v1.2.3`                   |
| `STATIC_STORE`    |           | `az://static`, `s3://...`  | the same                   |
| `STATIC_BASE_URL` |           |                            | the CDN, if there is one   |
| `DATABASE`        |           |                            | a SQLite file              |

A build runs `collectstatic` with these and nothing else: no database, no cache, no SECRET_KEY.
"""

import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = os.environ.get("DEBUG") == "1"
# Django asks for it when it signs something, which `collectstatic` never does; wsgi.py insists.
SECRET_KEY = os.environ.get("SECRET_KEY", "only-for-a-laptop" if DEBUG else "")
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")

ROOT_URLCONF = "lantern.urls"
WSGI_APPLICATION = "lantern.wsgi.application"

INSTALLED_APPS = [
    "static_releases",
    "static_releases.report",  # the page of releases in the admin
    "django.contrib.staticfiles",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django_countries",
    "rest_framework",
    "shop",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "lantern.context.release",
            ],
        },
    },
]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("DATABASE", BASE_DIR / "db.sqlite3"),
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

USE_TZ = True
LANGUAGE_CODE = "en"

# Static files: collected into STATIC_ROOT and, where a store is named, published as a release.

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "collected"
STATICFILES_DIRS = [BASE_DIR / "static"]

RELEASE_VERSION = os.environ.get("RELEASE_VERSION", "")
STATIC_STORE = os.environ.get("STATIC_STORE", "")

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "static_releases.storage.ReleaseStaticFilesStorage",
        "OPTIONS": {
            "version": RELEASE_VERSION,
            "store": STATIC_STORE,
            "base_url": os.environ.get("STATIC_BASE_URL", ""),
        },
    },
}

REST_FRAMEWORK = {
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
    "PAGE_SIZE": 20,
}
