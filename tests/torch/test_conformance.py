"""The conformance set and what it was made from: PyTorch passes it, and it can be made again."""

import json
import shutil

import margins
import rebuild
import torch
from replay import Conformance, compare


def test_pytorch_passes():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # these pictures are too small for more
    try:
        assert not [each for each in Conformance().replay(*margins.pytorch()) if not each.passed]
    finally:
        torch.set_num_threads(threads)


def test_rebuild_makes_the_same(tmp_path):
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
