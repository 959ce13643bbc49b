"""`adain train` and `adain export` as a user runs them."""

import json
from pathlib import Path

from checks import grey, noise_folders, one_line, pixel

SMALL = "--crop 32 --grid-weight 0 --batch-size 2 --workers 0"


def test_train_export_stylize_in_one_go(run, tmp_path):
    noise_folders(tmp_path, 5, "photos", "paintings")
    (tmp_path / "photos" / "broken.jpg").write_text("no")
    options = [*SMALL.split(), "--arch", "multi", "--checkpoint-every", "2"]
    code, _, err = run("train", "photos", "paintings", "--out", "run", "--steps", "2", *options)
    assert code == 0, err
    assert "content: 5 pictures, 1 skipped" in err
    assert "adain export run" in err
    code, _, err = run("train", "photos", "paintings", "--out", "run")
    assert code == 2
    assert "holds a run already" in err.splitlines()[-1]
    code, _, err = run("train", "photos", "paintings", "--out", "run", "--resume", "--steps", "3", "-q")
    assert (code, Path("run/settings.json").read_text().count('"steps": 3')) == (0, 1)
    assert json.loads(Path("run/settings.json").read_text())["crop"] == 32

    code, _, err = run("export", "run", "--out", "onnx")
    assert code == 0, err
    assert err.count("largest difference to PyTorch") == 5
    grey(tmp_path / "photo.png", size=(61, 47))
    code, _, err = run("stylize", "photo.png", "-s", "paintings/0.png", "--model", "onnx", "-o", "out.jpg")
    assert code == 0, err
    assert pixel(tmp_path / "out.jpg")[0] == (61, 47)
    # the shipped codes are of the same encoder
    code, _, err = run("stylize", "photo.png", "-s", "starry-night", "--model", "onnx")
    assert code == 0, err

    checkpoint = "run/checkpoints/step-0000003.safetensors"
    code, _, err = run("export", checkpoint, "--out", "more")
    assert code == 2
    assert "no adain model" in one_line(err)
    assert not Path("more").exists()


def test_profile(run, tmp_path):
    noise_folders(tmp_path, 3, "photos", "paintings")
    code, out, err = run(
        "train", "photos", "paintings", "--out", "run", "--profile", *SMALL.split(), "--cache", "memory"
    )
    assert code == 0, err
    assert [line.split()[0] for line in out.splitlines()[1:]] == ["loader", "step", "together", "waited"]


def test_train_mistakes(run, tmp_path):
    (tmp_path / "empty").mkdir()
    for arguments, message in (
        (["absent", "empty"], "absent is no folder"),
        (["empty", "empty"], "empty has no pictures"),
        (["empty", "empty", "--crop", "100"], "multiple of 8"),
        (["empty", "empty", "--resume"], "no checkpoint to resume"),
        (["empty", "empty", "--seed", "-1"], "seed is -1"),
        (["empty", "empty", "--out", "a-file"], "a-file is a file; --out takes a folder"),
    ):
        Path("a-file").touch()
        code, _, err = run("train", "--out", "run", *arguments)
        assert code == 2
        assert message in one_line(err)
    code, _, err = run("train", "empty", "empty", "--out", "run", "--cache", "disk")
    assert (code, "--cache" in err) == (2, True)
