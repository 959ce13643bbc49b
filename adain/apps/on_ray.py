"""Steps of a run on a Ray cluster: an actor for so many cores or a GPU, each given a step when it is free, so that
nothing piles up. An actor that dies, alone or with its node, is replaced, and its steps are taken again at the end.
"""

import logging
import os
import secrets
import socket
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from ..engines import GPUS, Device
from ..engines.threads import usable_threads
from ..errors import AdaINError, OptionError, first_line
from .journal import Result
from .restyling import Make, Step, Taken

LOCAL = "local"
TRIES = 3  # deaths of actors while a step was under way, after which it is given up
ON_A_GPU = 4  # steps at once, so that pictures are read and written while others are painted
STORE = 100_000_000  # bytes for the objects of a local cluster, which are small here
PATIENCE = 30.0  # seconds without an actor, after which that is told

log = logging.getLogger("adain")


class Actor:
    """A process of the cluster."""

    def open(self, make: Make, folder: str) -> None:
        """Open the model, where paths mean what they mean to whoever started the run."""
        os.chdir(folder)
        self._worker = make()

    def do(self, step: Step) -> list[Result]:
        """See `Worker.do`."""
        return self._worker.do(step)


@dataclass(frozen=True)
class _Call:
    """What an actor has been asked for: a step, in which so many actors have died before, or to open the model; and how
    many steps the actor could take instead.
    """

    actor: Any
    room: int
    step: Step | None = None
    deaths: int = 0


@dataclass
class Cluster:
    """Actors that take steps.

    Attributes:
        ray: the package.
        workers: how many actors.
        cores: of an actor.
        gpu: whether it has a GPU.
    """

    ray: Any
    workers: int
    cores: int
    gpu: bool
    _calls: dict[Any, _Call] = field(default_factory=dict)  # by what ray.wait takes
    _free: list[Any] = field(default_factory=list)  # actors, each as often as it could take a step
    _lost: deque[tuple[Step, int]] = field(default_factory=deque)  # steps of actors that died, and how many have
    _unopened: int = 0  # actors in a row that died before they were open

    @property
    def _room(self) -> int:
        """How many steps an actor takes at once."""
        return ON_A_GPU if self.gpu else 1

    @classmethod
    def join(cls, address: str, device: Device, workers: int | None, cores: int | None) -> Self:
        """Join a cluster.

        Args:
            address: "local" starts one on this machine; else what `ray.init` takes, such as "auto" or HOST:PORT.
            device: "cpu" and "openvino" take cores, "cuda" and "tensorrt" GPUs, "auto" GPUs where there are any.
            workers: actors; None takes as many as there is room for.
            cores: of an actor; None takes one.

        Raises:
            OptionError: there is no such cluster, or it has no room.
        """
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nobody is told, as with onnxruntime
        import ray

        cores, options = cores or 1, dict[str, Any]()
        if address == LOCAL:
            cpus = max(usable_threads(), (workers or 1) * cores)
            os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))  # else ray writes one into the home folder
            options = {"num_cpus": cpus, "object_store_memory": STORE, "include_dashboard": False}
        try:
            _reach(address)
            ray.init(address, log_to_driver=False, logging_level=logging.ERROR, **options)
        except Exception as error:  # OSError, RuntimeError, ValueError
            raise OptionError(f"no Ray cluster can be joined at {address} ({first_line(error)})") from error
        room = ray.cluster_resources()
        gpu = device in GPUS or (device == "auto" and room.get("GPU", 0) >= 1)
        count = workers or int(room.get("GPU", 0) if gpu else room.get("CPU", 0) // cores)
        if count < 1:
            ray.shutdown()
            raise OptionError(f"the Ray cluster has no {'GPU' if gpu else f'{cores} cores'} for a worker")
        return cls(ray, count, cores, gpu)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.ray.shutdown()

    def run(self, make: Make, steps: Iterator[Step], stop: Callable[[], bool]) -> Taken:
        """Take steps; of one in which TRIES actors died there is no result. See `dataset.run`."""
        for _ in range(self.workers):
            self._start(make)
        step, waited = next(steps, None), 0.0
        while ((step or self._lost) and not stop()) or self._at_work:
            while step and self._free and not stop():
                self._give(_Call(self._free.pop(), 1, step))
                step = next(steps, None)
            if not step and not stop():
                self._give_lost()
            done, _ = self.ray.wait(list(self._calls), timeout=1.0)
            waited = 0.0 if done or self._at_work else waited + 1.0
            if waited == PATIENCE:
                log.warning("the Ray cluster has no room for a worker yet; waiting")
            for reference in done:
                yield from self._take(reference, make)

    @property
    def _at_work(self) -> bool:
        return any(call.step for call in self._calls.values())

    def _start(self, make: Make) -> None:
        options = {"num_cpus": self.cores, "num_gpus": int(self.gpu), "max_concurrency": self._room}
        actor = self.ray.remote(**options)(Actor).remote()
        self._calls[actor.open.remote(make, str(Path.cwd()))] = _Call(actor, self._room)

    def _give(self, call: _Call) -> None:
        self._calls[call.actor.do.remote(call.step)] = call

    def _give_lost(self) -> None:
        """Give lost steps to actors that do nothing else, so that no other step is lost with them."""
        for actor in list(self._free):
            if self._lost and sum(each is actor for each in self._free) == self._room:
                self._free = [each for each in self._free if each is not actor]
                self._give(_Call(actor, self._room, *self._lost.popleft()))

    def _take(self, reference: Any, make: Make) -> Iterator[tuple[Step, list[Result] | None]]:
        """The results of a call; or, if its actor died, the steps that are given up."""
        call = self._calls.pop(reference, None)
        if call is None:  # its actor died in another call
            return
        try:
            results = self.ray.get(reference)
        except self.ray.exceptions.RayTaskError as error:
            raise error.cause from error
        except self.ray.exceptions.RayError as error:
            yield from self._replace(call, make, error)
            return
        self._free += [call.actor] * call.room
        if call.step is None:
            self._unopened = 0
        else:
            yield call.step, results

    def _replace(self, call: _Call, make: Make, error: Exception) -> Iterator[tuple[Step, None]]:
        """Start another actor in the place of a dead one, and keep the steps that it had, unless TRIES have died."""
        self._unopened += call.step is None
        if self._unopened > TRIES * self.workers:
            raise AdaINError(f"workers die again and again before they have made a picture ({first_line(error)})")
        log.warning("a worker died; another one makes its pictures")
        others = [each for each, other in self._calls.items() if other.actor is call.actor]
        for each in (call, *(self._calls.pop(reference) for reference in others)):
            if each.step and each.deaths + 1 < TRIES:
                self._lost.append((each.step, each.deaths + 1))
            elif each.step:
                yield each.step, None
        self._free = [each for each in self._free if each is not call.actor]
        self.ray.kill(call.actor)  # it may only be out of reach
        self._start(make)


def _reach(address: str) -> None:
    """Raise an OSError where nobody answers at HOST:PORT, for which ray would wait for minutes."""
    host, _, port = address.rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host.rpartition("/")[2], int(port)), timeout=10).close()
