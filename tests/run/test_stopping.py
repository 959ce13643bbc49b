"""A run of the network that nobody waits for is broken off in the middle, and none is begun."""

import os
import signal
import threading
from typing import Any

import numpy as np
import pytest

from adain import Look, Stylizer
from adain.stopping import Stop, Stopped, interruptible, stop_signal

LARGE = np.random.default_rng(0).integers(0, 256, (1400, 1400, 3), np.uint8)  # a second or so of one core
SMALL = LARGE[:64, :64]
LOOK = Look(("scream",), stroke_size=None)


@pytest.fixture(scope="module")
def stylizer() -> Stylizer:
    return Stylizer("fast", "cpu", threads=1)


def test_a_run_is_broken_off_and_the_next_is_as_ever(stylizer: Stylizer) -> None:
    before, stop = stylizer.stylize(SMALL, LOOK), Stop()
    timer = threading.Timer(0.1, stop.set)
    with stop.stops(), pytest.raises(Stopped) as caught:
        timer.start()
        stylizer.stylize(LARGE, LOOK)
    assert caught.value.__cause__ is not None  # the engine's own error, in the middle of the run
    np.testing.assert_array_equal(stylizer.stylize(SMALL, LOOK), before)


def test_an_interrupt_breaks_off_a_run_and_is_still_one(stylizer: Stylizer) -> None:
    timer = threading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt) as caught, interruptible():
        timer.start()
        stylizer.stylize(LARGE, LOOK)
    said: list[str] = []
    error: BaseException | None = caught.value
    while error is not None:
        said.append(str(error))
        error = error.__context__
    assert any("terminate flag" in text for text in said)  # onnxruntime's, in the middle of the run


def test_signals_that_are_a_wish_break_nothing_off(stylizer: Stylizer) -> None:
    with interruptible(), stop_signal() as stopped:
        os.kill(os.getpid(), signal.SIGINT)
        stylizer.stylize(SMALL, LOOK)
        assert stopped()


def test_none_begins_any_more_and_other_threads_know_nothing_of_it(stylizer: Stylizer) -> None:
    before, stop, others = stylizer.stylize(SMALL, LOOK), Stop(), []

    def other() -> Any:
        others.append(stylizer.stylize(SMALL, LOOK))

    with stop.stops():
        np.testing.assert_array_equal(stylizer.stylize(SMALL, LOOK), before)
        stop.set()
        with pytest.raises(Stopped) as caught:
            stylizer.stylize(SMALL, LOOK)
        assert caught.value.__cause__ is None
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    np.testing.assert_array_equal(others[0], before)
    np.testing.assert_array_equal(stylizer.stylize(SMALL, LOOK), before)
