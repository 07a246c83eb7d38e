"""The settings under which mypy and the tests load Django; a test's own project has its own."""

SECRET_KEY = "tests"
INSTALLED_APPS = ["static_releases", "django.contrib.staticfiles"]
STATIC_URL = "/static/"
STATIC_ROOT = "/nonexistent/static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "static_releases.storage.ReleaseStaticFilesStorage"},
}
