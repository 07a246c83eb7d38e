"""The clock of a store's host, by which ages are told."""

import re

import pytest

from static_releases.core import clock
from static_releases.core.errors import StoreUnreachable


def test_a_host_that_does_not_answer_is_named_with_the_reason_alone() -> None:
    with pytest.raises(StoreUnreachable) as caught:
        clock.date_of("http://127.0.0.1:9/", "az://static")
    message = str(caught.value)
    assert message.startswith("az://static did not answer when its clock was asked")
    assert re.search(r"ended with: \[Errno \d+\] Connection refused$", message)
