"""Without a store, our class is Django's: its own tests of static files pass with it."""

import pytest

from tests import django_suite


def test_djangos_own_tests_of_static_files_pass_with_our_class() -> None:
    try:
        folder = django_suite.fetch()
    except django_suite.Unavailable as error:
        pytest.skip(str(error))
    result = django_suite.run(folder)
    assert not result.faults, "\n".join([*result.faults, result.output])
    assert result.ran > 150


def result(
    *failed: str, output: str = "Ours: 3 storages, our collectstatic"
) -> django_suite.Result:
    return django_suite.Result(ran=190, failed=frozenset(failed), output=output)


def test_a_failure_that_is_not_listed_is_told() -> None:
    assert result().faults == []
    assert result("staticfiles_tests.test_x.T.test_y").faults == [
        "staticfiles_tests.test_x.T.test_y fails."
    ]


def test_a_listed_test_that_no_longer_differs_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = {"staticfiles_tests.test_x.T.test_y": "Its reason."}
    monkeypatch.setattr(django_suite, "MUST_DIFFER", listed)
    assert result(*listed).faults == []
    [fault] = result().faults
    assert "stands in MUST_DIFFER: Its reason." in fault


def test_a_run_without_our_class_is_told() -> None:
    assert result(output="Ours: 0 storages, our collectstatic").faults
    assert result(output="Ours: 3 storages, their collectstatic").faults
