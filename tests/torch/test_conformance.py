"""The conformance set and what it was made from: PyTorch passes it, and it can be made again."""

import json
import shutil
import subprocess
import sys

import margins
import numpy as np
import pytest
import rebuild
import replay
import torch
from replay import Conformance, OnnxRuntime, compare


def test_pytorch_passes():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # these pictures are too small for more
    try:
        assert not [each for each in Conformance().replay(*margins.pytorch()) if not each.passed]
    finally:
        torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def halves():
    return rebuild.halves()


def test_measure_and_paint_pass(halves):
    engine = OnnxRuntime(halves)
    results = Conformance().replay(measure=engine.measure, paint=engine.paint)
    assert [result.name for result in results] == [*rebuild.MEASURE, *rebuild.PAINT]
    assert not [each for each in results if not each.passed]


def test_what_is_wrong_with_measure_or_paint_is_noticed(halves):
    engine, conformance = OnnxRuntime(halves), Conformance()

    def failed(**functions):
        return [each.name for each in conformance.replay(**functions) if not each.passed]

    assert failed(measure=lambda x, c, a, w: engine.measure(x, c, a, np.ones_like(w))) == ["measure-weight"]
    assert failed(measure=lambda x, c, a, w: engine.measure(x, c, a, w) * np.float32(1.002)) == [*rebuild.MEASURE]

    def measuring_itself(contents, codes, alpha, statistics):
        ones = np.ones(contents.shape[:3], np.float32)
        return engine.paint(contents, codes, alpha, engine.measure(contents, codes, alpha, ones))

    assert failed(paint=measuring_itself) == ["paint-weight", "paint-other"]


def test_a_folder_is_replayed_as_a_program(halves, tmp_path):
    (tmp_path / "paint.onnx").write_bytes(halves["paint"])
    done = subprocess.run([sys.executable, replay.HERE / "replay.py", tmp_path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [line.split()[:2] for line in done.stdout.splitlines()] == [["ok", name] for name in rebuild.PAINT]


def test_rebuild_makes_the_same(tmp_path, halves, monkeypatch):
    monkeypatch.setattr(rebuild, "halves", lambda: halves)
    conformance = Conformance()
    for part in ("pictures", "reading"):
        shutil.copytree(conformance.folder / part, tmp_path / part)
    rebuild.rebuild(tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text("utf-8"))
    hashes, expected = manifest.pop("files"), dict(conformance.manifest)
    committed = expected.pop("files")
    assert manifest == expected
    assert sorted(hashes) == sorted(committed)
    # Codes of paintings and expected pictures may differ in a last place on another processor.
    results = [case for kind in ("stylize", "paint") for case in manifest[kind]]
    for name in (name for case in results for name in case["expected"]):
        got = Conformance(tmp_path).picture(name)
        assert compare(name, got, conformance.picture(name), conformance.tolerance("pixels")).passed
