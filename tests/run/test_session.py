from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from adain import session
from adain.errors import ModelError, PictureError
from adain.session import Session, stylizer_file

Write = Callable[..., Path]
RANDOM = np.random.default_rng(0)
INPUTS = {"style": np.array([[0.1, 0.5, 0.9]], np.float32), "alpha": np.array([0.5], np.float32)}


def noise(*shape: int) -> np.ndarray:
    return RANDOM.integers(0, 256, (*shape, 3), dtype=np.uint8)


@pytest.fixture(params=["bytes", "portable"])
def opened(request: pytest.FixtureRequest, write_tiny: Write) -> Session:
    return Session(write_tiny(io=request.param) / "stylizer.onnx", "stylizer", "cpu", threads=1)


def test_a_lane_does_in_three_steps_what_run_does(opened: Session) -> None:
    pictures = noise(2, 18, 25)
    expected = opened.run(pictures, INPUTS)
    lane = opened.lane(18, 25, INPUTS)
    for picture, result in zip(pictures, expected, strict=True):
        lane.upload(picture, INPUTS)
        lane.compute()
        np.testing.assert_array_equal(lane.download(), result)
        np.testing.assert_array_equal(lane.run(picture, INPUTS), result)


def test_what_it_says_of_itself(opened: Session) -> None:
    assert (opened.device, opened.precision, opened.lanes) == ("cpu", "fp32", 1)


def test_sizes_that_do_not_fit(opened: Session) -> None:
    with pytest.raises(PictureError, match="a picture of 30 x 15 pixels is too small"):
        opened.run(noise(1, 15, 30), INPUTS)
    with pytest.raises(PictureError, match="a picture of 15 x 30 pixels is too small"):
        opened.lane(30, 15, INPUTS)
    with pytest.raises(PictureError, match=r"uint8 \[20, 21, 3\] came, uint8 \[20, 20, 3\] was expected"):
        opened.lane(20, 20, INPUTS).upload(noise(20, 21), INPUTS)


def test_errors_of_the_engine_are_told_as_ours(opened: Session) -> None:
    with pytest.raises(ModelError, match=r"stylizer.onnx failed to run \("):
        opened.run(noise(1, 20, 20), INPUTS | {"alpha": np.zeros((2, 2), np.float32)})


def test_our_own_mistakes_are_not_blamed_on_the_model(write_tiny: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Session(write_tiny(io="portable") / "stylizer.onnx", "stylizer", "cpu")
    monkeypatch.setattr(session, "to_portable", lambda pixels, stride: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        opened.run(noise(1, 20, 20), INPUTS)


def test_the_file_of_a_model(write_tiny: Write) -> None:
    folder = write_tiny()
    assert stylizer_file(folder) == stylizer_file(folder / "stylizer.onnx") == folder / "stylizer.onnx"
    assert stylizer_file(None).name == stylizer_file(str(folder)).name == "stylizer.onnx"
