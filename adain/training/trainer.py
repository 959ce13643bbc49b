"""The training run: one class that holds the state, and the loop.

All of a network but its encoder, which reads styles, is trained. Runs on whatever accelerate finds: a CPU, a GPU, or
many through `accelerate launch`.
"""

import copy
import math
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from torch import Tensor, nn
from torch.utils.tensorboard import SummaryWriter

from ..errors import OptionError, first_line
from ..network.model import StyleTransfer
from ..network.model_file import save_model
from ..pictures import find_with_shards
from ..stopping import stop_signal
from . import data
from .checkpoints import moments_of, newest_checkpoint, read_newest, restore, write_checkpoint
from .losses import imitation_features_loss, imitation_loss, overlap, shift_loss
from .objective import Objective, Pairs
from .padding import keep_channels_last
from .perception import Perception, Seen, jitter
from .precision import accelerate_precision
from .samples import sample_grid, write_grid
from .schedule import learning_rate, parameter_groups, teacher_share
from .settings import SHIFT, Settings
from .start import few_pictures, first_network
from .teacher import load_teacher

RANDOM_OF_STEPS = 4  # beside the seed; the data uses the numbers below
DEEPER_PICTURES = 16  # of each folder, on which relu5_1 is normalised
DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}  # by accelerate's names; "no" is float32


@dataclass(frozen=True)
class Report:
    """What is told of every step."""

    step: int
    seconds: float
    waited: float  # of these seconds, for data
    passed: int  # broken files
    # Means since the last report that had some; every `log_every` steps, at checkpoints and at the end.
    losses: dict[str, float] = field(default_factory=dict)


class Trainer:
    """A training run in the folder `run`.

    Args:
        settings: what to do.
        run: gets settings.json, checkpoints/, samples/, TensorBoard's logs and, at the end, model.safetensors.
        resume: go on from the newest checkpoint in `run`.

    Raises:
        AdaINError: the data, the encoder, the precision or the checkpoint cannot be used.
    """

    def __init__(self, settings: Settings, run: Path, *, resume: bool = False) -> None:
        self.settings, self.folder = settings, run
        state = read_newest(run) if resume else None
        if not resume and newest_checkpoint(run) is not None:
            raise OptionError(f"{run} holds a run already; add --resume to go on with it, or give another --out")
        self.accelerator = Accelerator(
            mixed_precision=accelerate_precision(settings.precision),
            gradient_accumulation_steps=settings.accumulate,
        )
        set_seed(settings.seed)  # of the network's first weights; the data has its own
        device = self.accelerator.device
        keep_on = {"none": None, "memory": torch.device("cpu"), "device": device}[settings.cache]
        self.contents, self.styles = (
            data.Pictures(find_with_shards(Path(folder)), settings.crop, keep_on)
            for folder in (settings.content, settings.style)
        )
        self.network = first_network(settings, state, self.contents, self.styles)
        self.network.encoder.requires_grad_(False)
        self.network.train().to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        # What is sampled and saved.
        self.averaged = copy.deepcopy(self.network).eval().requires_grad_(False)
        self.perceive = Perception(self.network.encoder)
        if settings.deep:
            pictures = few_pictures((self.contents, self.styles), DEEPER_PICTURES)
            self.perceive.deepen(Path(settings.deep), pictures)
        if device.type == "cuda" and not settings.compile:
            for network in filter(None, (self.network, self.perceive.deeper)):
                keep_channels_last(network)
        # What is fixed can be in the computing type itself: no casts at every step.
        self.perceive.to(DTYPES.get(self.accelerator.mixed_precision, torch.float32))
        self.objective = Objective(settings)
        self.teacher = load_teacher(settings.teacher) if settings.teacher else None
        self.optimizer = torch.optim.Adam(parameter_groups(trained(self.network)), lr=settings.lr, fused=True)
        self.prepared, self._stepper = self.accelerator.prepare(self.network, self.optimizer)
        self.step = 0
        if state:
            restore(state, trained(self.network), self.optimizer)
            if self.accelerator.scaler and state.header["scaler"]:
                self.accelerator.scaler.load_state_dict(state.header["scaler"])
            self.step = int(state.header["step"])
        if settings.compile:
            self._compile()

    def _compile(self) -> None:
        """Compile network, encoder and some of the losses, and try them in a step that changes nothing.

        Raises:
            OptionError: this machine cannot.
        """
        from torch._dynamo.exc import TorchDynamoException  # a second to import

        side, count = self.settings.crop, self.settings.batch_size
        flat = data.to_float(torch.zeros(count, 3, side, side, dtype=torch.uint8), self.accelerator.device)
        self.prepared = torch.compile(self.prepared, dynamic=False)
        self.perceive.compile()
        try:
            self.accelerator.backward(self.losses(flat, flat)["total"])
        except (TorchDynamoException, AssertionError) as error:  # the latter is what compiled code raises of itself
            raise OptionError(
                f"torch.compile failed: {first_line(error)}; install a C++ compiler, or leave --compile away"
            ) from error
        self.optimizer.zero_grad()

    # --- one step ---------------------------------------------------------------------------------------

    def losses(self, content: Tensor, style: Tensor) -> dict[str, Tensor]:
        """All losses of one batch, unweighted, and their weighted sum as "total".

        Args:
            content, style: RGB float [N,3,H,W] in 0..1, on the device.
        """
        settings, same = self.settings, self.settings.identity
        random = np.random.default_rng((settings.seed, RANDOM_OF_STEPS, self.step, self.accelerator.process_index))
        change = jitter(random) if settings.jitter else None
        contents = [content]
        if settings.shift_weight:
            rows, columns = (int(offset) for offset in random.integers(1, SHIFT, 2))
            contents = [content[..., :-SHIFT, :-SHIFT], content[..., rows : rows - SHIFT, columns : columns - SHIFT]]
            content, style = contents[0], style[..., :-SHIFT, :-SHIFT]
        style = torch.cat([content[:same], style[same:]])
        seen = Seen(style, self.perceive, change)
        with torch.no_grad():
            code = self.network.style_code(style, self.perceive(style) if change else seen.features)
            reference = Seen(self.network.reference(content, code), self.perceive, change)
        # In one batch, since a wrapper for several processes may see one call a step.
        count = len(contents)
        painted, *moved = self.prepared(torch.cat(contents), code.repeat(count, 1)).chunk(count)
        output = Seen(painted, self.perceive, change)
        share = teacher_share(settings, self.step)
        losses: dict[str, Tensor] = {}
        total = content.new_zeros(())
        if self.teacher and share:
            with torch.no_grad():
                taught = self.teacher(contents[-1], style)
            if moved:  # against the network, so that the teacher's own grid, which pictures show, is not learned
                pictures = overlap(painted, taught, rows, columns)
                mine, theirs = (Seen(picture, self.perceive, change) for picture in pictures)
            else:
                mine, theirs = output, Seen(taught, self.perceive, change)
            losses["teacher"] = imitation_loss(mine.picture, theirs.picture)
            losses["teacher_features"] = imitation_features_loss(mine.features, theirs.features)
            total = total + share * settings.teacher_weight * losses["teacher"]
            total = total + share * settings.teacher_features_weight * losses["teacher_features"]
        if share < 1:
            losses |= self.objective(Pairs(content, seen, reference, output, same, random))
            total = total + (1 - share) * losses["total"]
        if moved:
            losses["shift"] = shift_loss(painted, moved[0], rows, columns)
            total = total + settings.shift_weight * losses["shift"]
        return losses | {"total": total}

    def train_step(self, content: Tensor, style: Tensor) -> dict[str, Tensor]:
        """One batch, uint8 [N,3,H,W] each; steps the optimiser when `accumulate` batches are in.

        Returns:
            The losses, detached, still on the device.
        """
        device = self.accelerator.device
        with self.accelerator.accumulate(self.prepared):
            losses = self.losses(data.to_float(content, device), data.to_float(style, device))
            self.accelerator.backward(losses["total"])
            if self.accelerator.sync_gradients:
                self.accelerator.clip_grad_norm_(trained(self.network).values(), self.settings.clip)
            for group in self.optimizer.param_groups:
                group["lr"] = group["part"] * learning_rate(self.settings, self.step)
            self._stepper.step()
            self._stepper.zero_grad()
        if self.accelerator.sync_gradients:
            self._update_average()
            self.step += 1
        return {name: loss.detach() for name, loss in losses.items()}

    @torch.no_grad()
    def _update_average(self) -> None:
        # A young average forgets faster, so that it does not remember the random first weights.
        share = 1 - min(self.settings.average, (1 + self.step) / (10 + self.step))
        current = trained(self.network)
        for name, mine in trained(self.averaged).items():
            mine.lerp_(current[name], share)

    # --- the loop ---------------------------------------------------------------------------------------

    def batches(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """(content, style, broken files passed over) from the present step to the last one."""
        settings = self.settings
        numbers = data.Numbers(
            settings.batch_size,
            first=self.step * settings.accumulate,
            last=settings.steps * settings.accumulate,
            process=self.accelerator.process_index,
            processes=self.accelerator.num_processes,
        )
        zoom = (settings.zoom_min, settings.zoom)
        pairs = data.CropPairs(self.contents, self.styles, settings.crop, zoom, settings.seed, settings.degrade)
        on_gpu = settings.cache == "device" and self.accelerator.device.type != "cpu"
        # Tensors on a GPU cannot be shared with workers, and without fork every kept picture would be copied.
        alone = on_gpu or (settings.cache != "none" and sys.platform != "linux")
        workers = 0 if alone else settings.workers
        pin = self.accelerator.device.type == "cuda" and not on_gpu
        return iter(data.batches(pairs, numbers, workers, pin_memory=pin))

    def train(self, report: Callable[[Report], None], *, minutes: float = math.inf) -> bool:
        """Train to the last step; checkpoints, logs and samples go to the run folder.

        SIGINT and SIGTERM end it after the step under way, and it is saved.

        Args:
            report: called every step.
            minutes: stop and save after this time.

        Returns:
            True if the last step was reached; then model.safetensors is there.
        """
        settings, main = self.settings, self.accelerator.is_main_process
        writer = SummaryWriter(str(self.folder / "tensorboard"), purge_step=self.step + 1) if main else None
        if main:
            for left in self.folder.rglob(".adain-*"):  # by a process that was killed while it wrote
                left.unlink()
            (self.folder / "settings.json").write_text(settings.to_json())
        since: dict[str, list[Tensor]] = {}  # the losses of all batches that have not been reported
        saved_at = -1
        end = time.monotonic() + minutes * 60
        with stop_signal() as stopped:
            batches = self.batches()
            while self.step < settings.steps and not self._agreed(stopped() or time.monotonic() > end):
                began = time.perf_counter()
                facts = self._one_step(batches, since)
                last = self.step == settings.steps
                if last or self.step % settings.log_every == 0 or self.step % settings.checkpoint_every == 0:
                    means = {name: float(torch.stack(values).mean()) for name, values in since.items()}
                    facts, since = replace(facts, losses=means), {}
                    self._log(facts.losses, writer)
                if main and (last or self.step % settings.sample_every == 0):
                    self._write_samples(writer)
                if self.step % settings.checkpoint_every == 0:
                    self.save()
                    saved_at = self.step
                report(replace(facts, seconds=time.perf_counter() - began))
        if saved_at != self.step:
            self.save()
        finished = self.step >= settings.steps
        if finished and main:
            self.save_model()
        if writer:
            writer.close()
        self.accelerator.end_training()
        return finished

    def _one_step(self, batches: Iterator[tuple[Tensor, Tensor, Tensor]], since: dict[str, list[Tensor]]) -> Report:
        """Batches until the optimiser has made a step; their losses go to `since`."""
        step, waited, passed = self.step, 0.0, 0
        while self.step == step:
            asked = time.perf_counter()
            content, style, broken = data.next_batch(batches)
            waited += time.perf_counter() - asked
            passed += int(broken.sum())
            for name, loss in self.train_step(content, style).items():
                since.setdefault(name, []).append(loss)
        return Report(self.step, 0.0, waited, passed)

    def _log(self, losses: dict[str, float], writer: SummaryWriter | None) -> None:
        if writer:
            for name, value in losses.items():
                writer.add_scalar(f"loss/{name}", value, self.step)
            writer.add_scalar("lr", learning_rate(self.settings, self.step - 1), self.step)
        if not math.isfinite(losses["total"]):
            raise OptionError(f"the loss is {losses['total']} at step {self.step}; try a smaller --lr")

    def _agreed(self, stop: bool) -> bool:
        """Whether any process wants to stop: all have to leave the loop at the same step, or the rest would wait."""
        if self.accelerator.num_processes == 1:
            return stop
        if self.step % 10:  # asking makes a GPU wait
            return False
        wanted = self.accelerator.reduce(torch.tensor(float(stop), device=self.accelerator.device))
        return bool(wanted.item())

    def _write_samples(self, writer: SummaryWriter | None) -> None:
        size = min(256, self.settings.crop * 2)
        with self.accelerator.autocast():
            grid = sample_grid(self.averaged, self.contents, self.styles, size, self.accelerator.device)
        write_grid(grid, self.folder / "samples" / f"step-{self.step:07d}.jpg")
        if writer:
            writer.add_image("samples", grid, self.step)

    # --- what is written --------------------------------------------------------------------------------

    def save(self) -> None:
        """Write a checkpoint."""
        if not self.accelerator.is_main_process:
            return
        parameters = trained(self.network)
        moments, adam_steps = moments_of(self.optimizer, parameters)
        scaler = self.accelerator.scaler
        header = {
            "step": self.step,
            "adam_steps": adam_steps,
            "encoder": self.averaged.encoder.name,
            "scaler": scaler.state_dict() if scaler else {},
            "settings": asdict(self.settings),
        }
        parts = {"average": self.averaged.state_dict(), "trained": parameters, **moments}
        write_checkpoint(self.folder, parts, header, self.settings.keep)

    def save_model(self) -> None:
        """Write the averaged weights as a model file."""
        settings = self.settings
        # The folders' names alone: a model file should not tell where its maker keeps his data.
        names = {name: Path(getattr(settings, name)).name for name in ("content", "style", "init", "encoder", "deep")}
        name = settings.name or f"adain-{self.averaged.encoder.name}-{settings.arch}"
        facts = asdict(settings) | names | {"step": self.step}
        save_model(self.folder / "model.safetensors", self.averaged, name=name, training=facts)


def trained(network: StyleTransfer) -> dict[str, nn.Parameter]:
    """The parameters that are trained, by name: all but the encoder's."""
    return {name: each for name, each in network.named_parameters() if not name.startswith("encoder.")}
