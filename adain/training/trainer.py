"""The training run: one class that holds the state, and the loop.

The decoder is trained; the encoder is fixed. Runs on whatever accelerate finds: a CPU, a GPU, or many
through `accelerate launch`.
"""

import copy
import json
import math
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from torch import Tensor
from torch.nn.functional import avg_pool2d
from torch.utils.tensorboard import SummaryWriter
from torchvision.transforms.functional import to_pil_image
from torchvision.utils import make_grid

from .. import shipped
from ..errors import ModelError, OptionError
from ..files import replacing
from ..network import ARCHITECTURES
from ..network.adain import adain, statistics
from ..network.model import StyleTransfer
from ..network.model_file import fill, load_model, read_safetensors, save_model, write_safetensors
from ..network.pretrained import load_encoder
from ..network.vgg import CONVS, LAYERS, mean_activations, normalise
from ..pictures import find_with_shards
from . import data
from .losses import content_loss, grid_loss, identity_loss, structure_loss, style_loss
from .settings import Precision, Settings

KEY = "adain_checkpoint"  # of our JSON in a checkpoint's header
NORMALISE_PICTURES = 256  # of each folder, for an encoder that is not normalised yet
NORMALISE_SIZE = 256  # px


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
        self.settings, self.run = settings, run
        state = newest_checkpoint(run) if resume else None
        if not resume and newest_checkpoint_path(run) is not None:
            raise OptionError(f"{run} holds a run already; add --resume to go on with it, or give another --out")
        self.accelerator = Accelerator(
            mixed_precision=_accelerate_precision(settings.precision),
            gradient_accumulation_steps=settings.accumulate,
        )
        set_seed(settings.seed)  # of the decoder's first weights; the data has its own
        device = self.accelerator.device
        keep_on = {"none": None, "memory": torch.device("cpu"), "device": device}[settings.cache]
        self.contents, self.styles = (
            data.Pictures(find_with_shards(Path(folder)), settings.crop, keep_on)
            for folder in (settings.content, settings.style)
        )

        self.network = self._network_to_start_from(state)
        self.network.encoder.requires_grad_(False)
        self.network.train().to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = copy.deepcopy(self.network).eval().requires_grad_(False)
        # The encoder is fixed, so it can be in the computing type itself: no casts at every step.
        dtype = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(self.accelerator.mixed_precision)
        self.network.encoder.to(dtype=dtype)

        self.optimizer = torch.optim.Adam(self.trained().values(), lr=settings.lr, fused=True)
        self.model, self.stepper = self.accelerator.prepare(self.network, self.optimizer)
        self.step = 0
        if state:
            self._restore(state)

    # --- one step ---------------------------------------------------------------------------------------

    def losses(self, content: Tensor, style: Tensor) -> dict[str, Tensor]:
        """All losses of one batch, unweighted, and their weighted sum as "total".

        Args:
            content, style: RGB float [N,3,H,W] in 0..1, on the device.
        """
        settings, network = self.settings, self.network
        same = settings.identity
        style = torch.cat([content[:same], style[same:]]) if same else style
        with self.accelerator.autocast():
            with torch.no_grad():
                style_features = network.encoder(style, LAYERS)
                code = network.style_code(style, dict(zip(LAYERS, style_features, strict=True)))
                recoloured = network.reference(content, code)
                (plain,) = network.encoder(recoloured, LAYERS[-1:])
                target = adain(plain, statistics(plain), statistics(style_features[-1]))
            output = self.model(content, code)
            output_features = network.encoder(output, LAYERS)
        losses = {
            "content": content_loss(output_features[-1], target),
            "style": style_loss(output_features, style_features),
        }
        total = settings.content_weight * losses["content"] + settings.style_weight * losses["style"]
        if settings.coarse_weight:
            losses["coarse"] = self._coarse_style_loss(output, style)
            total = total + settings.coarse_weight * losses["coarse"]
        if settings.structure_weight:
            losses["structure"] = structure_loss(output, recoloured)
            total = total + settings.structure_weight * losses["structure"]
        if settings.grid_weight:
            losses["grid"] = grid_loss(output)
            total = total + settings.grid_weight * losses["grid"]
        if same:
            losses["identity"] = identity_loss(output[:same], content[:same])
            total = total + settings.identity_weight * losses["identity"]
        return losses | {"total": total}

    def _coarse_style_loss(self, output: Tensor, style: Tensor) -> Tensor:
        with self.accelerator.autocast():
            mine, theirs = (self.network.encoder(avg_pool2d(picture, 2), LAYERS) for picture in (output, style))
        return style_loss(mine, theirs)

    def train_step(self, content: Tensor, style: Tensor) -> dict[str, Tensor]:
        """One batch, uint8 [N,3,H,W] each; steps the optimiser when `accumulate` batches are in.

        Returns:
            The losses, detached, still on the device.
        """
        device = self.accelerator.device
        with self.accelerator.accumulate(self.model):
            losses = self.losses(data.to_float(content, device), data.to_float(style, device))
            self.accelerator.backward(losses["total"])
            if self.accelerator.sync_gradients:
                self.accelerator.clip_grad_norm_(self.trained().values(), self.settings.clip)
            for group in self.optimizer.param_groups:
                group["lr"] = learning_rate(self.settings, self.step)
            self.stepper.step()
            self.stepper.zero_grad()
        if self.accelerator.sync_gradients:
            self._update_average()
            self.step += 1
        return {name: loss.detach() for name, loss in losses.items()}

    def trained(self, network: StyleTransfer | None = None) -> dict[str, torch.nn.Parameter]:
        """The parameters that are trained, by name: all but the encoder's; of `network`, or of the one in training."""
        parameters = (network or self.network).named_parameters()
        return {name: parameter for name, parameter in parameters if not name.startswith("encoder.")}

    @torch.no_grad()
    def _update_average(self) -> None:
        # A young average forgets faster, so that it does not remember the random first weights.
        share = 1 - min(self.settings.average, (1 + self.step) / (10 + self.step))
        current = self.trained()
        for name, mine in self.trained(self.average).items():
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
        pairs = data.CropPairs(
            self.contents, self.styles, settings.crop, (settings.zoom_min, settings.zoom), settings.seed
        )
        on_gpu = settings.cache == "device" and self.accelerator.device.type != "cpu"
        # Tensors on a GPU cannot be shared with workers, and without fork every kept picture would be copied.
        alone = on_gpu or (settings.cache != "none" and sys.platform != "linux")
        workers = 0 if alone else settings.workers
        pin = self.accelerator.device.type == "cuda" and not on_gpu
        return iter(data.batches(pairs, numbers, workers, pin_memory=pin))

    def train(self, report: Callable[[dict[str, float]], None], *, minutes: float = math.inf) -> bool:
        """Train to the last step; checkpoints, logs and samples go to the run folder.

        SIGINT and SIGTERM end it after the step under way, and it is saved.

        Args:
            report: called every step with step, seconds, waited (for data, of those seconds), passed (broken
                files) and, every `log_every` steps, at checkpoints and at the end, the losses averaged since.
            minutes: stop and save after this time.

        Returns:
            True if the last step was reached; then model.safetensors is there.
        """
        settings, main = self.settings, self.accelerator.is_main_process
        writer = SummaryWriter(str(self.run / "tensorboard"), purge_step=self.step + 1) if main else None
        if main:
            (self.run / "settings.json").write_text(settings.to_json())
        sums: dict[str, Tensor] = {}
        batches_summed, saved_at = 0, -1
        end = time.monotonic() + minutes * 60
        with _stop_signal() as stopped:
            batches = self.batches()
            while self.step < settings.steps and not self._agreed(stopped() or time.monotonic() > end):
                began, step, waited, passed = time.perf_counter(), self.step, 0.0, 0
                while self.step == step:
                    asked = time.perf_counter()
                    content, style, broken = next(batches)
                    waited += time.perf_counter() - asked
                    passed += int(broken.sum())
                    for name, loss in self.train_step(content, style).items():
                        sums[name] = sums.get(name, 0) + loss
                    batches_summed += 1
                facts = {"step": self.step, "waited": waited, "passed": passed}
                last = self.step == settings.steps
                if self.step % settings.log_every == 0 or self.step % settings.checkpoint_every == 0 or last:
                    means = {name: float(total) / batches_summed for name, total in sums.items()}
                    sums, batches_summed = {}, 0
                    facts |= means
                    self._log(means, writer)
                if main and (self.step % settings.sample_every == 0 or last):
                    self._write_samples(writer)
                if self.step % settings.checkpoint_every == 0:
                    self.save()
                    saved_at = self.step
                report(facts | {"seconds": time.perf_counter() - began})
        if saved_at != self.step:
            self.save()
        finished = self.step >= settings.steps
        if finished and main:
            self.export_model(self.run / "model.safetensors")
        if writer:
            writer.close()
        self.accelerator.end_training()
        return finished

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
        """Four fixed photographs (rows) after four fixed paintings (columns), as the average sees them."""
        device = self.accelerator.device
        size = min(256, self.settings.crop * 2)
        rows = [self._fit(picture, size) for picture in data.sample(self.contents, 4, size)]
        columns = [self._fit(picture, size) for picture in data.sample(self.styles, 4, size)]
        pictures = [torch.ones_like(rows[0]), *columns]
        with torch.no_grad(), self.accelerator.autocast():
            codes = [self.average.encode_style(column[None].to(device)) for column in columns]
            for row in rows:
                pictures.append(row)
                for code in codes:
                    output = self.average.stylize(row[None].to(device), code)
                    pictures.append(output[0].float().clamp(0, 1).cpu())
        grid = make_grid(pictures, nrow=len(columns) + 1, padding=4)
        path = self.run / "samples" / f"step-{self.step:07d}.jpg"
        with replacing(path) as temporary:
            to_pil_image(grid).save(temporary, quality=92)
        if writer:
            writer.add_image("samples", grid, self.step)

    @staticmethod
    def _fit(picture: Tensor, size: int) -> Tensor:
        return data.to_float(
            torch.nn.functional.interpolate(
                picture[None].float().cpu(), size=(size, size), mode="bilinear", antialias=True
            ),
            torch.device("cpu"),
        )[0]

    # --- the state --------------------------------------------------------------------------------------

    def save(self) -> None:
        """Write a checkpoint of everything that a later step depends on, then drop the oldest ones."""
        if not self.accelerator.is_main_process:
            return
        tensors = {f"average.{key}": value for key, value in self.average.state_dict().items()}
        adam_steps = 0  # fewer than ours in fp16, where the scaler skips some
        for name, parameter in self.trained().items():
            tensors[f"trained.{name}"] = parameter
            for moment in ("exp_avg", "exp_avg_sq"):
                if parameter in self.optimizer.state:
                    adam_steps = int(self.optimizer.state[parameter]["step"])
                    tensors[f"{moment}.{name}"] = self.optimizer.state[parameter][moment]
        scaler = self.accelerator.scaler
        header = {
            "step": self.step,
            "adam_steps": adam_steps,
            "encoder": self.average.encoder.name,
            "scaler": scaler.state_dict() if scaler else {},
            "settings": asdict(self.settings),
        }
        path = self.run / "checkpoints" / f"step-{self.step:07d}.safetensors"
        cpu = {key: value.detach().cpu().contiguous() for key, value in tensors.items()}
        write_safetensors(path, cpu, {KEY: json.dumps(header)})
        for old in _checkpoints(self.run)[: -self.settings.keep]:
            old.unlink()

    def _restore(self, state: "State") -> None:
        tensors, header, path = state
        parts: dict[str, dict[str, Tensor]] = {}
        for key, tensor in tensors.items():
            part, name = key.split(".", 1)
            parts.setdefault(part, {})[name] = tensor
        trained = self.trained()
        try:
            with torch.no_grad():
                for name, parameter in trained.items():
                    parameter.copy_(parts["trained"][name])
            # Adam has no moments before the first step.
            for name, parameter in trained.items() if header["adam_steps"] else ():
                self.optimizer.state[parameter] = {
                    "step": torch.tensor(float(header["adam_steps"]), device=parameter.device),
                    "exp_avg": torch.empty_like(parameter).copy_(parts["exp_avg"][name]),
                    "exp_avg_sq": torch.empty_like(parameter).copy_(parts["exp_avg_sq"][name]),
                }
            if self.accelerator.scaler and header["scaler"]:
                self.accelerator.scaler.load_state_dict(header["scaler"])
            self.step = int(header["step"])
        except (KeyError, RuntimeError, TypeError, ValueError) as error:
            raise ModelError(f"{path} does not fit these settings ({error}); resume with the run's own") from error

    def export_model(self, path: Path) -> None:
        """Write the averaged weights as a model file."""
        settings = self.settings
        name = settings.name or f"adain-{self.average.encoder.name}-{settings.arch}"
        facts = asdict(settings) | {
            "step": self.step,
            # the folders' names alone: a model file should not tell where its maker keeps his data
            "content": Path(settings.content).name,
            "style": Path(settings.style).name,
            "init": Path(settings.init).name,
            "encoder": Path(settings.encoder).name,
        }
        save_model(path, self.average, name=name, training=facts)

    def _network_to_start_from(self, state: "State | None") -> StyleTransfer:
        settings = self.settings
        if state:
            return _network_of(state, settings)
        if settings.init:
            return _model_to_start_from(settings)
        encoder, normalised = load_encoder(settings.encoder)
        if not normalised:
            pictures = [
                picture[None].cpu().float() / 255
                for folder in (self.contents, self.styles)
                for picture in data.sample(folder, NORMALISE_PICTURES, NORMALISE_SIZE)
            ]
            normalise(encoder, mean_activations(encoder, pictures))
        network = ARCHITECTURES[settings.arch].build(encoder.name)
        # As it will be stored: every user of the checkpoint then computes with the same numbers.
        network.encoder = encoder.half().float()
        return network


def _model_to_start_from(settings: Settings) -> StyleTransfer:
    path = shipped.CHECKPOINT if settings.init == "shipped" else Path(settings.init)
    model = load_model(path).model
    if model.architecture.name != settings.arch:
        raise OptionError(f"{path} is of --arch {model.architecture.name}, not {settings.arch}; give that")
    return model


def learning_rate(settings: Settings, step: int) -> float:
    """Linear warm-up, then constant, then a cosine to 0 over the last `decay` share of the steps."""
    rate = settings.lr * min(1.0, (step + 1) / max(1, settings.warmup))
    start = settings.steps * (1 - settings.decay)
    if step >= start and settings.decay:
        rate *= 0.5 * (1 + math.cos(math.pi * (step - start) / (settings.steps - start)))
    return rate


State = tuple[dict[str, Tensor], dict[str, Any], Path]  # tensors, header, where from


def newest_checkpoint_path(run: Path) -> Path | None:
    """The newest checkpoint in a run folder, if any."""
    return max(_checkpoints(run), default=None)


def newest_checkpoint(run: Path) -> State:
    """Read the newest checkpoint in a run folder.

    Raises:
        OptionError: there is none.
        ModelError: it is damaged, or no checkpoint of ours.
    """
    path = newest_checkpoint_path(run)
    if path is None:
        raise OptionError(f"{run} has no checkpoint to resume from; leave --resume away to start a run there")
    tensors, metadata = read_safetensors(path)
    try:
        header = json.loads(metadata[KEY])
        if header["encoder"] not in tuple(CONVS):
            raise ValueError(f"encoder {header['encoder']}")
        Settings.from_json(json.dumps(header["settings"]), path)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ModelError(f"{path} is no checkpoint of `adain train`, or damaged ({error})") from error
    return tensors, header, path


def saved_settings(run: Path) -> Settings:
    """The settings of the newest checkpoint in `run`.

    Raises:
        AdaINError: see `newest_checkpoint`.
    """
    _, header, path = newest_checkpoint(run)
    return Settings.from_json(json.dumps(header["settings"]), path)


def _checkpoints(run: Path) -> list[Path]:
    found = (run / "checkpoints").glob("step-*.safetensors")
    return sorted(path for path in found if re.fullmatch(r"step-\d{7}", path.stem))


def _network_of(state: State, settings: Settings) -> StyleTransfer:
    tensors, header, path = state
    for name in ("encoder", "arch"):
        if (saved := header["settings"][name]) != getattr(settings, name):
            raise OptionError(f"the run has --{name} {saved}, which cannot change to {getattr(settings, name)}")
    network = ARCHITECTURES[settings.arch].build(header["encoder"])
    prefix = "average."
    own = {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
    fill(network, own, str(path))
    return network


def _accelerate_precision(precision: Precision) -> str:
    cuda = torch.cuda.is_available()
    if precision == "auto":
        return "bf16" if _has_bf16(cuda) else "no"
    if precision == "fp16" and not cuda:
        raise OptionError("precision fp16 needs a CUDA device; on this machine give bf16 or fp32")
    return {"fp32": "no"}.get(precision, precision)


def _has_bf16(cuda: bool) -> bool:
    if cuda:
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if not hasattr(torch.cpu, "get_capabilities"):  # added after 2.9
        return False
    found = torch.cpu.get_capabilities()
    return bool(found.get("avx512_bf16") or found.get("amx_bf16"))


@contextmanager
def _stop_signal() -> Iterator[Callable[[], bool]]:
    """Within, SIGINT and SIGTERM only set a flag, so that no step is cut in half."""
    caught: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        caught.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(caught)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
