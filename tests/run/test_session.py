from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from onnx_writer import FLOAT, model, node, tensor, value
from tiny import TINY

from adain import session
from adain.errors import ModelError, PictureError
from adain.session import Session, real_time_model, stylizer_file

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


def test_each_picture_of_a_batch_can_have_its_style(opened: Session) -> None:
    pictures, codes = noise(2, 18, 25), np.array([[0.1, 0.5, 0.9], [0.9, 0.6, 0.0]], np.float32)
    results = opened.run(pictures, INPUTS | {"style": codes})
    for picture, code, result in zip(pictures, codes, results, strict=True):
        np.testing.assert_array_equal(opened.run(picture[None], INPUTS | {"style": code[None]})[0], result)


def test_weights_are_padded_as_the_pictures_are(tmp_path: Path) -> None:
    """A graph `measure` of io portable: the weighted sum of each channel."""
    names = [("content", [1, 3, "h", "w"]), ("style", [1, 3]), ("alpha", [1]), ("weight", [1, "h", "w"])]
    file = model(
        [
            node("Unsqueeze", ["weight", "one"], ["plane"]),
            node("Mul", ["content", "plane"], ["weighed"]),
            node("ReduceSum", ["weighed", "sides"], ["statistics"], keepdims=0),
        ],
        [value(name, FLOAT, shape) for name, shape in names],
        [value("statistics", FLOAT, [1, 3])],
        [tensor("one", np.array([1])), tensor("sides", np.array([2, 3]))],
        replace(TINY, graph="measure", io="portable", contract="2", statistics=(("sum", 3),)).to_metadata(),
    )
    (tmp_path / "measure.onnx").write_bytes(file)
    pictures, weight = noise(2, 18, 25), RANDOM.random((2, 18, 25), np.float32)
    sums = Session(tmp_path / "measure.onnx", "measure", "cpu").run(pictures, INPUTS | {"weight": weight})
    weighed = np.pad(pictures / 255 * weight[..., None], ((0, 0), (0, 6), (0, 7), (0, 0)), mode="reflect")
    np.testing.assert_allclose(sums, weighed.sum((1, 2)), rtol=1e-5)


def test_what_it_says_of_itself(opened: Session) -> None:
    assert (opened.device, opened.precision, opened.lanes) == ("cpu", "fp32", 1)


def test_sizes_that_do_not_fit(opened: Session) -> None:
    with pytest.raises(PictureError, match="a picture of 30 x 15 pixels is too small"):
        opened.run(noise(1, 15, 30), INPUTS)
    with pytest.raises(PictureError, match="a picture of 15 x 30 pixels is too small"):
        opened.lane(30, 15, INPUTS)
    with pytest.raises(PictureError, match=r"uint8 \[20, 21, 3\] came, uint8 \[20, 20, 3\] was expected"):
        opened.lane(20, 20, INPUTS).upload(noise(20, 21), INPUTS)


@pytest.mark.parametrize(("graph", "hint"), [("stylizer", "--size 100"), ("style_encoder", "--style-size 50")])
def test_what_is_too_large_or_too_small_names_its_option(graph, hint, write_tiny, monkeypatch):
    opened = Session(write_tiny() / f"{graph}.onnx", graph, "cpu")
    inputs = INPUTS if graph == "stylizer" else {}
    with pytest.raises(PictureError, match=f"16 x 16, or a larger {hint.split()[0]} if it was shrunk"):
        opened.run(noise(1, 8, 200), inputs)

    def full(*given):
        raise MemoryError("bad alloc")

    monkeypatch.setattr(opened._engine, "run", full)
    with pytest.raises(PictureError, match=f"make the picture smaller, such as with {hint}$"):
        opened.run(noise(1, 100, 200), inputs)


def test_errors_of_the_engine_are_told_as_ours(opened: Session) -> None:
    with pytest.raises(ModelError, match=r"stylizer.onnx failed to run \("):
        opened.run(noise(1, 20, 20), INPUTS | {"alpha": np.zeros((2, 2), np.float32)})


def test_our_own_mistakes_are_not_blamed_on_the_model(write_tiny: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Session(write_tiny(io="portable") / "stylizer.onnx", "stylizer", "cpu")
    monkeypatch.setattr(session, "to_portable", lambda pixels, stride: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        opened.run(noise(1, 20, 20), INPUTS)


def test_inputs_that_are_no_arrays_are_not_blamed_on_the_model(opened: Session) -> None:
    for wrong in ("nonsense", INPUTS["style"].astype(float)):
        with pytest.raises((AttributeError, TypeError), match="str|float64"):
            opened.run(noise(1, 20, 20), INPUTS | {"style": wrong})
        with pytest.raises(TypeError, match="str|float64"):
            opened.lane(20, 20, INPUTS).run(noise(20, 20), INPUTS | {"style": wrong})
    with pytest.raises(TypeError, match=r"the inputs \['style'\] came, \['alpha', 'style'\] were expected"):
        opened.run(noise(1, 20, 20), {"style": INPUTS["style"]})


def test_memory_is_what_the_file_says(opened: Session, write_tiny: Write) -> None:
    content, painting = noise(1, 20, 30), noise(1, 40, 50)
    says = Session(write_tiny("says", memory=(("cpu", 7),)) / "stylizer.onnx", "stylizer", "cpu")
    assert says._memory({"content": content, **INPUTS}, "cpu") == 7 * 600
    assert says._memory({"content": content, **INPUTS}, "cpu thrifty") == 600 * 600  # of the first model
    assert says._memory({"content": content, "style_image": painting}, "cpu") == 7 * 2000  # one after the other
    with pytest.raises(KeyError, match="gpu"):
        says._memory({"content": content}, "gpu")


def test_the_file_of_a_model(write_tiny: Write) -> None:
    folder = write_tiny()
    assert stylizer_file(folder) == stylizer_file(folder / "stylizer.onnx") == folder / "stylizer.onnx"
    assert stylizer_file(None).name == stylizer_file(str(folder)).name == "stylizer.onnx"


def test_the_model_for_real_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "cuda_problem", lambda: "no GPU")
    assert real_time_model() == real_time_model("cpu") == real_time_model("openvino") == "fast"
    assert real_time_model("cuda") == real_time_model("tensorrt") == "large"
    monkeypatch.setattr(session, "cuda_problem", lambda: None)
    assert real_time_model() == "large"
    assert real_time_model("cpu") == "fast"
