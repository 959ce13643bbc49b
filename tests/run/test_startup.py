from collections.abc import Callable
from pathlib import Path

import pytest

from adain.bench.startup import PARTS, measure_startup
from adain.errors import ModelError


def test_parts_and_total(write_tiny: Callable[..., Path]) -> None:
    seconds = measure_startup(write_tiny(), size=32, rounds=1)
    assert list(seconds) == [*PARTS, "total"]
    assert all(part > 0 for part in seconds.values())
    assert seconds["total"] == pytest.approx(sum(seconds[part] for part in PARTS[:-1]))


def test_a_model_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="the model .* cannot be read"):
        measure_startup(tmp_path, rounds=1)
