"""``manage.py staticreleases VERB``: the verbs, with the project's own settings."""

import argparse
from typing import Any

from django.conf import STATICFILES_STORAGE_ALIAS, settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from static_releases import cli, examination, verbs
from static_releases.core.configuration import Configuration
from static_releases.core.errors import InvalidSetting, StaticReleasesError
from static_releases.storage import ReleaseStaticFilesStorage
from static_releases.terminal import Terminal

PROGRAM = "python manage.py staticreleases"


class Command(BaseCommand):
    help = "Publish and look after immutable releases of static files."
    # A wrong setting is told by the verb itself; warnings are for those who can act on them.
    requires_system_checks: list[str] = []

    def run_from_argv(self, argv: list[str]) -> None:
        with cli.leaving_when_stopped():
            super().run_from_argv(argv)

    def add_arguments(self, parser: CommandParser) -> None:
        added = verbs.add(parser.add_subparsers(required=True, metavar="VERB"))
        for verb in added.values():
            _accept_django_options(verb)

    def handle(self, *_args: Any, **options: Any) -> None:
        out = Terminal(
            output=plain(self.stdout), errors=plain(self.stderr), format=options["format"]
        )
        arguments = argparse.Namespace(**options)
        try:
            status = cli.run(
                _configuration, arguments, out, examine=examination.find, program=PROGRAM
            )
        except (InvalidSetting, ImproperlyConfigured) as error:
            raise CommandError(cli.explain(error), returncode=cli.WRONG_STATUS) from error
        except StaticReleasesError as error:
            raise CommandError(cli.explain(error)) from error
        except KeyboardInterrupt:
            raise CommandError(cli.STOPPED, returncode=cli.STOPPED_STATUS) from None
        except BrokenPipeError:
            status = cli.unread()
        if status:
            raise SystemExit(status)


def plain(wrapper: Any) -> Any:
    """Return the stream beneath Django's wrapper, which would add a line's end to each write."""
    return getattr(wrapper, "_out", wrapper)


def _configuration() -> Configuration:
    if not isinstance(staticfiles_storage, ReleaseStaticFilesStorage):
        raise InvalidSetting(
            'STORAGES["staticfiles"]["BACKEND"] is '
            f"{settings.STORAGES[STATICFILES_STORAGE_ALIAS]['BACKEND']}, "
            "not static_releases.storage.ReleaseStaticFilesStorage."
        )
    return staticfiles_storage.configuration


def _accept_django_options(verb: argparse.ArgumentParser) -> None:
    """Accept after the verb what Django accepts before it, such as ``--settings``."""
    for names in (("--settings",), ("--pythonpath",), ("-v", "--verbosity")):
        verb.add_argument(*names, default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    for name in ("--traceback", "--no-color", "--skip-checks"):
        verb.add_argument(
            name, action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS
        )
