"""Immutable releases of a Django project's static files."""
