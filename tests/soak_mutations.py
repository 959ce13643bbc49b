"""Files that are broken in thousands of ways: each is read, or refused with an error of adain's; no part of the tests.

Each file is made by a seed of its own from a small one that is whole. Processes read some hundred each, so that a
crash is seen and named; a file may take 10 s of processor time and 4 GB.

    python tests/soak_mutations.py pictures --count 10000
    python tests/soak_mutations.py models --count 2000
    python tests/soak_mutations.py batch pictures 4711 4712     # one again, with all that it says
"""

import faulthandler
import json
import logging
import random
import resource
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path

import typer
from support.mutating import mutated
from support.targets import KINDS, Target

from adain.errors import AdaINError

app = typer.Typer(help=__doc__, pretty_exceptions_enable=False)
SECONDS, MEGABYTES = 10, 4096


@app.command()
def batch(kind: str, first: int, last: int) -> None:
    """Files FIRST to LAST - 1, in this process."""
    faulthandler.enable()
    warnings.simplefilter("ignore")
    logging.disable()
    resource.setrlimit(resource.RLIMIT_AS, (4 * MEGABYTES << 20,) * 2)  # for the machine's sake
    counts, faults = Counter[str](), 0
    with tempfile.TemporaryDirectory() as name:
        targets = KINDS[kind](Path(name))
        for number in range(first, last):
            target, chance = targets[number % len(targets)], random.Random(f"{kind} {number}")
            seed = chance.choice(sorted(target.seeds))
            data = mutated(target.seeds[seed], chance)
            print(f"{number}: {seed}", flush=True)
            faulthandler.dump_traceback_later(12 * SECONDS, exit=True)  # of the clock, which runs faster under load
            fault = attempt(target, seed, data, counts)
            faulthandler.cancel_dump_traceback_later()
            if fault:
                faults += 1
                print(f"FAULT {number} ({seed}): {fault}", flush=True)
    print("counts", json.dumps(counts))
    raise SystemExit(faults > 0)


def attempt(target: Target, seed: str, data: bytes, counts: Counter[str]) -> str:
    """Read one file, and say what is wrong with how that went."""
    Path("/proc/self/clear_refs").write_text("5")  # begins the peak of memory anew
    began = time.process_time()
    try:
        target.read(seed, data)
        counts[f"read: {seed.split()[0]}"] += 1
    except AdaINError as error:
        counts[f"refused: {seed.split()[0]}"] += 1
        if "\n" in str(error) or not str(error):
            return f"the message is {str(error)!r}"
    except BaseException:
        return traceback.format_exc()
    seconds = time.process_time() - began
    megabytes = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) // 1024
    counts["slowest, ms"] = max(counts["slowest, ms"], round(1000 * seconds))
    counts["most memory, MB"] = max(counts["most memory, MB"], megabytes)
    if seconds > SECONDS or megabytes > MEGABYTES:
        return f"it took {seconds:.1f} s and {megabytes} MB"
    return ""


def soak(kind: str, count: int, first: int, size: int) -> None:
    """All files, in processes."""
    counts, faults = Counter[str](), 0
    for start in range(first, first + count, size):
        command = [sys.executable, __file__, "batch", kind, str(start), str(min(start + size, first + count))]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        lines = done.stdout.splitlines()
        if lines and lines[-1].startswith("counts "):
            for name, value in json.loads(lines[-1].removeprefix("counts ")).items():
                counts[name] = max(counts[name], value) if "," in name else counts[name] + value
        if done.returncode:
            faults += 1
            print(
                f"FAILED, exit code {done.returncode}, with {lines[-1:]}:\n"
                + "\n".join(line for line in lines if not line.split(":")[0].isdigit())
                + done.stderr[-3000:],
                flush=True,
            )
    for word in ("read: ", "refused: "):
        parts = {name.removeprefix(word): number for name, number in counts.items() if name.startswith(word)}
        print(f"{word}{sum(parts.values())}, {parts}")
    most = ", ".join(f"{name} {number}" for name, number in counts.items() if "," in name)
    print(f"{count} mutated {kind}, from {first}: {most}; {faults} batches with faults")
    raise SystemExit(faults > 0)


@app.command("pictures")
def soak_pictures(count: int = 10_000, first: int = 0, size: int = 500) -> None:
    """Pictures of every format that is read and can be made."""
    soak("pictures", count, first, size)


@app.command("models")
def soak_models(count: int = 2000, first: int = 0, size: int = 200) -> None:
    """ONNX graphs, model files, checkpoints, codes, and what was noted of runs."""
    soak("models", count, first, size)


if __name__ == "__main__":
    app()
