"""Fixtures of the tests with torch."""

import pytest
from accelerate.state import AcceleratorState


@pytest.fixture(autouse=True)
def _fresh_accelerate() -> None:
    """accelerate keeps the precision of its first use for the whole process; each test begins anew."""
    AcceleratorState._reset_state()
