"""Training data: what is found, what is skipped, and which crops are drawn."""

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from adain.errors import OptionError, PictureError
from adain.pictures import PictureBytes, find_with_shards
from adain.training import data


def encoded(width: int, height: int, colour=(200, 100, 50), form="PNG", **options) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(stream, form, **options)
    return stream.getvalue()


@pytest.fixture
def folder(tmp_path) -> Path:
    """Two usable files, two usable tar members, and one of each kind of trouble."""
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    (tmp_path / "one.PNG").write_bytes(encoded(64, 48))
    (deep / "two.jpeg").write_bytes(encoded(48, 64, form="JPEG"))
    (deep / "small.png").write_bytes(encoded(64, 20))
    (deep / "text.jpg").write_text("no picture")
    (deep / "notes.txt").write_text("passed over")
    (deep / "cut.png").write_bytes(np.random.default_rng(0).bytes(10))
    whole = io.BytesIO()
    Image.effect_noise((64, 64), 90).convert("RGB").save(whole, "JPEG")
    (deep / "truncated.jpg").write_bytes(whole.getvalue()[: len(whole.getvalue()) // 2])
    with tarfile.open(tmp_path / "shard-0.tar", "w") as shard:
        for name in ("x.jpg", "y/z.png", "readme.md"):
            content = encoded(50, 50, colour=(0, 0, 255), form="JPEG" if name.endswith("jpg") else "PNG")
            member = tarfile.TarInfo(name)
            member.size = len(content)
            shard.addfile(member, io.BytesIO(content))
    return tmp_path


def test_find_with_shards(folder):
    names = [str(source).removeprefix(str(folder)) for source in find_with_shards(folder)]
    assert names == [
        "/a/b/cut.png",
        "/a/b/small.png",
        "/a/b/text.jpg",
        "/a/b/truncated.jpg",
        "/a/b/two.jpeg",
        "/one.PNG",
        "/shard-0.tar:x.jpg",
        "/shard-0.tar:y/z.png",
    ]


def test_kept_pictures_skip_and_count(folder):
    pictures = data.Pictures(find_with_shards(folder), 32, torch.device("cpu"))
    assert len(pictures) == 4
    reasons = {Path(line.split(": ")[0]).name: line.split(": ")[1] for line in pictures.skipped}
    assert set(reasons) == {"cut.png", "small.png", "text.jpg", "truncated.jpg"}
    assert reasons["small.png"] == "64x20 has a side under 32 px"
    picture, passed = pictures.read(1)
    assert (picture.dtype, tuple(picture.shape), passed) == (torch.uint8, (3, 48, 64), 0)
    assert picture[:, 0, 0].tolist() == [200, 100, 50]
    blue, _ = pictures.read(2)
    assert blue[:, 5, 5].tolist() == pytest.approx([0, 0, 255], abs=2)


def test_pictures_on_demand_pass_over_broken_ones(folder):
    pictures = data.Pictures(find_with_shards(folder), 32)
    assert len(pictures) == 5  # the truncated one has a good header
    assert sorted(Path(line.split(":")[0]).name for line in pictures.skipped) == ["cut.png", "small.png", "text.jpg"]
    picture, passed = pictures.read(0)
    assert passed == 1
    torch.testing.assert_close(picture, pictures.read(1)[0])


def test_empty_and_hopeless_folders(tmp_path):
    with pytest.raises(PictureError, match="is no folder"):
        find_with_shards(tmp_path / "absent")
    with pytest.raises(PictureError, match="has no pictures"):
        find_with_shards(tmp_path)
    (tmp_path / "a.jpg").write_text("no")
    with pytest.raises(PictureError, match=r"none of 1 pictures can be used; the first: .*a\.jpg"):
        data.Pictures(find_with_shards(tmp_path), 32)
    (tmp_path / "b.tar").write_text("no")
    with pytest.raises(PictureError, match="none of 2 pictures can be used"):
        data.Pictures(find_with_shards(tmp_path), 32)
    (tmp_path / "c.png").write_bytes(encoded(40, 40))
    pictures = data.Pictures(find_with_shards(tmp_path), 32)
    assert "b.tar:no uncompressed tar file: " in pictures.skipped[1]


def test_what_training_must_not_open(tmp_path):
    # PostScript would start Ghostscript, whatever the name says
    (tmp_path / "a.jpg").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 90 90\n%%EndComments\n")
    (tmp_path / "b.png").write_bytes(encoded(40, 40))
    for device in (None, torch.device("cpu")):
        assert len(data.Pictures([*find_with_shards(tmp_path), PictureBytes(tmp_path / "gone.jpg")], 32, device)) == 1


def test_decode_turns_upright_and_shrinks():
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    assert data.decode(encoded(64, 32, form="JPEG", exif=exif), 16).shape == (3, 64, 32)
    assert data.decode(encoded(3000, 1500), 16).shape == (3, 512, 1024)
    assert min(data.decode(encoded(6000, 600), 500).shape[1:]) == 500  # not below what the crop needs


def test_random_crop_is_a_square_of_the_picture():
    picture = torch.arange(3 * 60 * 80).remainder(251).to(torch.uint8).view(3, 60, 80)
    plain, mirrored = 0, 0
    for number in range(40):
        crop = data.random_crop(picture, 16, (1.0, 1.0), np.random.default_rng(number))
        windows = picture.unfold(1, 16, 1).unfold(2, 16, 1)
        plain += bool((windows == crop.view(3, 1, 1, 16, 16)).all((0, 3, 4)).any())
        mirrored += bool((windows == crop.flip(2).view(3, 1, 1, 16, 16)).all((0, 3, 4)).any())
    assert plain + mirrored == 40
    assert 8 < mirrored < 32


def test_random_crop_zooms_between_the_limits():
    # A ramp from left to right: the slope of a crop tells the side that it was cut from.
    ramp = torch.arange(200).clamp(0, 255).to(torch.uint8).expand(3, 200, 200)
    sides = []
    for number in range(60):
        crop = data.random_crop(ramp, 32, (0.5, 2.0), np.random.default_rng(number)).float()
        sides.append(32 * abs(float(crop[0, 0, -3] - crop[0, 0, 2])) / 27)
    assert min(sides) == pytest.approx(16, abs=4)
    assert max(sides) == pytest.approx(64, abs=4)


def pairs(folder: Path, seed=0) -> data.CropPairs:
    pictures = data.Pictures(find_with_shards(folder), 32, torch.device("cpu"))
    return data.CropPairs(pictures, pictures, 32, (1.0, 1.5), seed)


def test_pairs_depend_on_seed_and_number_alone(folder):
    first, again, other = pairs(folder), pairs(folder), pairs(folder, seed=1)
    numbers = [5, 0, 93, 17]
    for number in numbers:
        for mine, theirs in zip(first[number], again[number], strict=True):
            assert torch.equal(torch.as_tensor(mine), torch.as_tensor(theirs))
    assert any(not torch.equal(first[number][0], other[number][0]) for number in numbers)


def test_each_epoch_visits_every_picture_once(folder):
    some = pairs(folder)
    for epoch in range(3):
        assert sorted(some._order(0, epoch).tolist()) == [0, 1, 2, 3]
    assert len({tuple(some._order(0, epoch)) for epoch in range(6)}) > 1
    assert any(tuple(some._order(0, epoch)) != tuple(some._order(1, epoch)) for epoch in range(6))


@pytest.mark.parametrize("processes", [1, 3])
def test_numbers_split_every_batch_over_processes(processes):
    shares = [list(data.Numbers(2, 4, 6, process, processes)) for process in range(processes)]
    assert sorted(number for share in shares for number in share) == list(range(8 * processes, 12 * processes))
    # a resumed loader goes on where the first one was
    assert list(data.Numbers(2, 0, 6, 0, processes))[8:] == shares[0]


def test_batches_with_and_without_workers_are_equal(folder):
    for_all = [
        list(data.batches(pairs(folder), data.Numbers(3, 0, 2, 0, 1), workers, pin_memory=False)) for workers in (0, 1)
    ]
    for mine, theirs in zip(*for_all, strict=True):
        assert mine[0].shape == (3, 3, 32, 32)
        assert all(torch.equal(a, b) for a, b in zip(mine, theirs, strict=True))


@pytest.mark.parametrize(
    "text",
    [
        "DataLoader worker (pid 7) is killed by signal: Bus error. It is possible that dataloader's workers are out of "
        "shared memory. Please try to raise your shared memory limit.",
        "unable to write to file </torch_7_1_0>: No space left on device (28)",
    ],
)
def test_too_little_shared_memory_is_told_in_one_line(text):
    def failing():
        yield from ()
        raise RuntimeError(text)

    with pytest.raises(OptionError, match=r"^the workers find too little shared memory .*--workers 0.*--shm-size 1g$"):
        data.next_batch(failing())


def test_other_faults_of_a_worker_stay_what_they_are():
    def failing():
        yield from ()
        raise RuntimeError("CUDA error")

    with pytest.raises(RuntimeError, match="CUDA error"):
        data.next_batch(failing())


def test_to_float():
    batch = torch.tensor([0, 51, 255], dtype=torch.uint8).view(1, 3, 1, 1)
    assert data.to_float(batch, torch.device("cpu")).flatten().tolist() == pytest.approx([0, 0.2, 1])


def test_degraded_photographs_are_the_same_at_every_visit(folder):
    pictures = data.Pictures(find_with_shards(folder), 32, torch.device("cpu"))
    clean, some = (data.CropPairs(pictures, pictures, 32, (1.0, 1.0), 0, degrade) for degrade in (0.0, 0.5))
    changed = [not torch.equal(clean[number][0], some[number][0]) for number in range(40)]
    assert 8 < sum(changed) < 32
    assert all(torch.equal(clean[number][1], some[number][1]) for number in range(40))  # paintings never
    assert all(torch.equal(some[number][0], some[number][0]) for number in range(40))
    strong = max((clean[number][0].float() - some[number][0].float()).abs().mean() for number in range(40))
    assert 1 < strong < 30
