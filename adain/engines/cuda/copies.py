"""Copies between host and GPU on a stream of their own, from memory that the GPU reads without the processor.

onnxruntime's Python has no such memory, and its own copies hold the interpreter's lock. So this asks the driver:
https://docs.nvidia.com/cuda/cuda-driver-api. It works in the context that onnxruntime has on the first GPU.
"""

import ctypes
import math
import weakref
from collections.abc import Sequence
from ctypes import byref, c_int, c_size_t, c_uint, c_void_p
from functools import cache
from typing import Any

import numpy as np

from ..engine import Array
from . import check

_PORTABLE = 1  # CU_MEMHOSTALLOC_PORTABLE: in every context
_NON_BLOCKING = 1  # CU_STREAM_NON_BLOCKING: waits for no other stream


class CudaCopies:
    """A stream for copies. For one thread at a time."""

    def __init__(self) -> None:
        self._stream = c_void_p()
        _enter()
        _call("cuStreamCreate", byref(self._stream), c_uint(_NON_BLOCKING))
        _free_with(self, "cuStreamDestroy_v2", self._stream)

    def to_device(self, pairs: Sequence[tuple[Array, int]]) -> None:
        """Copy contiguous arrays to device addresses; ends when all have arrived."""
        _enter()
        for array, address in pairs:
            source, size = c_void_p(array.ctypes.data), c_size_t(array.nbytes)
            _call("cuMemcpyHtoDAsync_v2", c_void_p(address), source, size, self._stream)
        _call("cuStreamSynchronize", self._stream)

    def to_host(self, address: int, array: Array) -> None:
        """Copy from a device address into a contiguous array; ends when it is there."""
        _enter()
        target, size = c_void_p(array.ctypes.data), c_size_t(array.nbytes)
        _call("cuMemcpyDtoHAsync_v2", target, c_void_p(address), size, self._stream)
        _call("cuStreamSynchronize", self._stream)


def pinned(shape: Sequence[int], dtype: Any) -> Array:
    """An array in page-locked memory, which the GPU copies from and to directly; its values are arbitrary.

    Raises:
        MemoryError: the system gives no more of it.
    """
    kind = np.dtype(dtype)
    size = max(1, math.prod(shape) * kind.itemsize)
    pointer = c_void_p()
    _enter()
    _call("cuMemHostAlloc", byref(pointer), c_size_t(size), c_uint(_PORTABLE))
    assert pointer.value is not None
    memory = (ctypes.c_char * size).from_address(pointer.value)
    _free_with(memory, "cuMemFreeHost", pointer)  # the array keeps `memory` alive
    return np.frombuffer(memory, kind, count=math.prod(shape)).reshape(shape)


@cache
def _context() -> c_void_p:
    """The primary context of the first GPU, where onnxruntime works too; kept as long as the process runs."""
    device, context = c_int(), c_void_p()
    _call("cuInit", c_uint(0))
    _call("cuDeviceGet", byref(device), c_int(0))
    _call("cuDevicePrimaryCtxRetain", byref(context), device)
    return context


def _enter() -> None:
    """The driver keeps a current context for each thread."""
    _call("cuCtxSetCurrent", _context())


@cache
def _driver() -> Any:
    return check.driver()


def _call(name: str, *arguments: Any) -> None:
    driver = _driver()
    code = getattr(driver, name)(*arguments)
    if code:
        text = ctypes.c_char_p()
        driver.cuGetErrorString(code, byref(text))
        kind = MemoryError if code == 2 else RuntimeError
        raise kind(f"the NVIDIA driver refused {name} ({(text.value or str(code).encode()).decode()})")


def _free_with(owner: Any, name: str, handle: c_void_p) -> None:
    def free() -> None:
        _enter()
        _call(name, handle)

    # When Python ends, the driver has ended or will clean up by itself.
    weakref.finalize(owner, free).atexit = False
