"""Data sets with a model that blends a content with a colour: what is drawn, made, noted and gone on with."""

import csv
import hashlib
import io
import json
import signal
import subprocess
import sys
import tarfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from checks import grey, one_line, pixel
from PIL import Image

from adain.apps.drawing import draw_alpha, draw_style
from adain.apps.journal import Journal
from adain.pictures import find_with_shards
from adain.stylizer import Stylizer

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

COLOURS = {"red.png": (255, 0, 0), "green.png": (0, 255, 0), "blue.png": (0, 0, 255)}


@pytest.fixture
def data(tmp_path: Path, write_tiny: Callable[..., Path]) -> Path:
    """A folder with contents, styles and a model: photos/, paintings/, tiny/."""
    write_tiny()
    grey(tmp_path / "photos" / "one.png")
    grey(tmp_path / "photos" / "deep" / "two.JPEG", (20, 24), 50)
    grey(tmp_path / "photos" / "deep" / "three.webp", (32, 16), 200)
    for name, colour in COLOURS.items():
        (tmp_path / "paintings").mkdir(exist_ok=True)
        Image.new("RGB", (16, 16), colour).save(tmp_path / "paintings" / name)
    return tmp_path


CALL = ("dataset", "photos", "paintings", "--model", "tiny", "--device", "cpu", "-q")


def rows(out: Path) -> list[dict]:
    return parquet.read_table(out / "manifest.parquet").to_pylist()


def files(out: Path) -> dict[str, bytes]:
    """All that a user sees."""
    found = {path.relative_to(out).as_posix(): path for path in out.rglob("*") if path.is_file()}
    assert not [name for name in found if ".adain-" in name]
    return {name: path.read_bytes() for name, path in found.items() if not name.startswith(".dataset")}


# --- what is drawn --------------------------------------------------------------------------------------


def test_draws_never_change():
    assert [draw_style(7, "a/b.jpg", k, 42) for k in range(5)] == [1, 40, 17, 14, 15]
    assert [draw_alpha(7, "a/b.jpg", k, 0.5, 1) for k in range(3)] == [0.9813, 0.6252, 0.6274]
    assert draw_alpha(7, "a/b.jpg", 0, 0.3, 0.3) == 0.3


def test_styles_of_a_picture_differ_until_all_were_drawn():
    for name in ("a", "b", "c"):
        drawn = [draw_style(0, name, k, 5) for k in range(10)]
        assert sorted(drawn[:5]) == sorted(drawn[5:]) == list(range(5))
    assert [draw_style(0, name, 1, 1) for name in "abc"] == [0, 0, 0]


def test_draws_are_even():
    styles = Counter(draw_style(1, f"{number}.jpg", 1, 8) for number in range(8000))
    assert sorted(styles) == list(range(8))
    assert all(abs(count - 1000) < 150 for count in styles.values())  # 5 standard deviations
    alphas = [draw_alpha(1, f"{number}.jpg", 0, 0.2, 0.6) for number in range(4000)]
    assert min(alphas) >= 0.2
    assert max(alphas) <= 0.6
    assert np.mean(alphas) == pytest.approx(0.4, abs=0.01)
    assert np.std(alphas) == pytest.approx(0.4 / 12**0.5, abs=0.005)


# --- what is made ---------------------------------------------------------------------------------------


def test_pictures_are_what_the_manifest_says(run, data):
    call = (*CALL, "-o", "out", "--per-image", "2", "--alpha", "0.4,0.9", "--seed", "5")
    assert run(*call) == (0, "", "")
    found = rows(data / "out")
    assert [row["output"] for row in found] == [
        "deep/three-0.webp",
        "deep/three-1.webp",
        "deep/two-0.JPEG",
        "deep/two-1.JPEG",
        "one-0.png",
        "one-1.png",
    ]
    greys = {"one.png": (100, (40, 30)), "deep/two.JPEG": (50, (20, 24)), "deep/three.webp": (200, (32, 16))}
    model = hashlib.sha256((data / "tiny" / "stylizer.onnx").read_bytes()).hexdigest()
    for row in found:
        file = data / "out" / row["output"]
        value, size = greys[row["content"]]
        blend = (1 - row["alpha"]) * value + row["alpha"] * np.array(COLOURS[row["style"]])
        came, colour = pixel(file)
        assert np.abs(blend - colour).max() <= 3
        assert came == size == (row["width"], row["height"]) == (row["content_width"], row["content_height"])
        assert row["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
        assert (row["seed"], row["model"], row["error"]) == (5, model, None)
        assert 0.4 <= row["alpha"] <= 0.9
        assert row["style"] == sorted(COLOURS)[draw_style(5, row["content"], row["k"], 3)]
    assert {row["k"] for row in found} == {0, 1}
    with (data / "out" / "manifest.csv").open(newline="") as stream:
        text = list(csv.DictReader(stream))
    assert text == [{name: "" if value is None else str(value) for name, value in row.items()} for row in found]
    before = files(data / "out")
    assert run(*call) == (0, "", "")
    assert files(data / "out") == before
    run(*(each if each != "out" else "again" for each in call))
    assert files(data / "again") == before


def test_json(run, data):
    (data / "photos" / "bad.png").write_text("no picture")
    code, out, _ = run(*CALL[:-1], "-o", "out", "--json")
    assert code == 2
    assert json.loads(out) == {"output": "out", "pictures": 4, "made": 3, "failed": 1, "stopped": False}
    assert json.loads(run(*CALL[:-1], "-o", "out", "--json")[1])["made"] == 0


def test_a_picture_does_not_depend_on_the_others(run, data):
    run(*CALL, "-o", "out", "--per-image", "2")
    (data / "photos" / "one.png").unlink()
    grey(data / "photos" / "new.png")
    run(*CALL, "-o", "out2", "--per-image", "2")
    one, other = ({(row["content"], row["k"]): row for row in rows(data / name)} for name in ("out", "out2"))
    assert len(one.keys() & other.keys()) == 4
    assert all(one[key] == other[key] for key in one.keys() & other.keys())


def test_size_format_quality_and_named_styles(run, data):
    np.save(data / "half.npy", np.full(3, 0.5, np.float32))
    call = ("dataset", "photos", "--styles", "half.npy, paintings/red.png", "--model", "tiny", "-q")
    assert run(*call, "-o", "out", "--size", "32", "--format", "jpg", "--quality", "30") == (0, "", "")
    assert sorted(files(data / "out")) == [
        "deep/three.jpg",
        "deep/two.jpg",
        "manifest.csv",
        "manifest.parquet",
        "one.jpg",
    ]
    found = {row["content"]: row for row in rows(data / "out")}
    assert [found["one.png"][name] for name in ("content_width", "content_height", "width", "height")] == [
        40,
        30,
        32,
        24,
    ]
    assert {row["style"] for row in found.values()} <= {"half.npy", "paintings/red.png"}
    run(*call, "-o", "out2", "--size", "32", "--format", "jpg")
    assert len(files(data / "out")["one.jpg"]) < len(files(data / "out2")["one.jpg"])


def test_annotations_go_along(run, data):
    for name in ("one.xml", "deep/two.txt", "deep/instances.json"):
        (data / "photos" / name).write_text(name)
    run(*CALL, "-o", "out")
    assert not [name for name in files(data / "out") if name.endswith((".xml", ".txt", ".json"))]
    run(*CALL, "-o", "copied", "--copy", "--per-image", "2")
    found = {
        name: text.decode() for name, text in files(data / "copied").items() if name[-4:] in (".xml", ".txt", "json")
    }
    assert found == {
        "one-0.xml": "one.xml",
        "one-1.xml": "one.xml",
        "deep/two-0.txt": "deep/two.txt",
        "deep/two-1.txt": "deep/two.txt",
        "deep/instances.json": "deep/instances.json",
    }


def member(shard: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    shard.addfile(info, io.BytesIO(content))


def test_shards_in_and_out(run, data):
    (data / "in").mkdir()
    with tarfile.open(data / "in" / "train-0.tar", "w") as shard:
        for name in ("a.png", "/b.png", "../c.png", "d.png"):
            member(shard, name, (data / "photos" / "one.png").read_bytes())
        member(shard, "a.cls", b"7")
        member(shard, "bad.png", b"no picture")
    call = ("dataset", "in", "paintings", "--model", "tiny", "--shards", "3", "--copy", "-o", "out", "-q")
    code, _, err = run(*call)
    assert code == 2
    assert "in/train-0.tar:bad.png: the picture is not a picture that can be read" in err
    shards = {}
    for file in sorted((data / "out").glob("*.tar")):
        with tarfile.open(file) as shard:
            shards[file.name] = [each.name for each in shard]
    assert shards == {
        "000000.tar": ["train-0/b.png", "train-0/a.cls", "train-0/a.png"],
        "000001.tar": ["train-0/d.png"],
    }
    found = {row["content"]: row for row in rows(data / "out")}
    assert list(found) == [f"train-0.tar:{name}" for name in ("/b.png", "a.png", "bad.png", "d.png")]
    for source in find_with_shards(data / "out"):
        (row,) = [row for row in found.values() if row["output"] == f"{source.path.name}:{source.name}"]
        assert hashlib.sha256(source.read()).hexdigest() == row["sha256"]
    assert found["train-0.tar:bad.png"]["output"] is None
    before, times = files(data / "out"), (data / "out" / "000000.tar").stat().st_mtime_ns
    (data / "out" / "000001.tar").unlink()
    assert run(*call)[0] == 2
    assert files(data / "out") == before
    assert (data / "out" / "000000.tar").stat().st_mtime_ns == times


def save_as_hugging_face_does(folder: Path, pictures: list[tuple[bytes | None, str | None]]) -> None:
    """A file as `datasets.Dataset.save_to_disk` (5.2) writes it, in two batches, and one of its caches."""
    kind = pyarrow.struct({"bytes": pyarrow.binary(), "path": pyarrow.string()})
    values = [{"bytes": data, "path": path} for data, path in pictures]
    table = pyarrow.table({"label": range(len(values)), "image": pyarrow.array(values, kind)})
    folder.mkdir(parents=True)
    with pyarrow.ipc.new_stream(folder / "data-00000-of-00001.arrow", table.schema) as stream:
        stream.write_table(table, max_chunksize=2)
    (folder / "cache-0123.arrow").write_bytes(b"of a map")
    (folder / "state.json").write_text("{}")


def test_data_sets_of_hugging_face(run, data):
    one, two, three = (data / "photos" / name for name in ("one.png", "deep/two.JPEG", "deep/three.webp"))
    pictures = [
        (one.read_bytes(), None),
        (two.read_bytes(), "two.JPEG"),
        (b"no", "bad.jpg"),
        (three.read_bytes(), None),
    ]
    save_as_hugging_face_does(data / "in" / "train", pictures)
    (data / "in" / "data-1.arrow").write_bytes(b"no rows")
    found = find_with_shards(data / "in")
    assert [source.read() for source in found[1:]] == [content for content, _ in pictures]
    code, _, err = run("dataset", "in", "paintings", "--model", "tiny", "-o", "out", "-q")
    assert code == 2
    assert "data-1.arrow:no rows with pictures (" in err
    made = [name for name in files(data / "out") if "manifest" not in name]
    assert sorted(made) == [
        f"train/data-00000-of-00001/{name}" for name in ("000000.png", "000001.jpeg", "000003.webp")
    ]
    assert [row["content"] for row in rows(data / "out")][1:] == [
        f"train/data-00000-of-00001.arrow:{name}" for name in ("000000.png", "000001.jpeg", "000002.jpg", "000003.webp")
    ]


# --- what goes wrong ------------------------------------------------------------------------------------


def test_bad_files_are_told_as_everywhere_and_tried_again(run, data):
    bad = data / "photos" / "bad.png"
    bad.write_text("no picture")
    grey(data / "photos" / "small.png", (8, 8))
    code, _, err = run(*CALL, "-o", "out", "--per-image", "2")
    assert code == 2
    *sentences, last = err.splitlines()
    assert last == "adain: 4 of 10 pictures failed; the same command tries them again"
    for name, sentence in zip(("bad.png", "small.png"), sorted(sentences), strict=True):
        same = run("stylize", f"photos/{name}", "-s", "paintings/red.png", "--model", "tiny", "-o", "o.png")[2]
        assert f"{sentence}\n" == same
    assert {row["content"]: row["error"] for row in rows(data / "out") if row["error"]} == {
        sentence.split()[1].removeprefix("photos/").rstrip(":"): sentence.removeprefix("adain: ")
        for sentence in sentences
    }
    good = data / "out" / "one-0.png"
    before = good.stat().st_mtime_ns
    grey(bad)
    grey(data / "photos" / "small.png")
    assert run(*CALL, "-o", "out", "--per-image", "2") == (0, "", "")
    assert good.stat().st_mtime_ns == before
    assert len(files(data / "out")) == 10 + 2


def test_a_bad_style_fails_the_pictures_it_was_drawn_for(run, data):
    (data / "paintings" / "red.png").write_text("no picture")
    code, _, err = run(*CALL, "-o", "out", "--per-image", "3")
    assert code == 2
    assert "photos/one.png: paintings/red.png is not a picture that can be read" in err
    assert [row["style"] for row in rows(data / "out") if row["error"]] == ["red.png"] * 3


def test_names_that_would_be_lost(run, data):
    grey(data / "photos" / "one.webp")
    grey(data / "photos" / ("x" * 251 + ".png"))
    code, _, err = run(*CALL, "-o", "out", "--format", "png", "--per-image", "2")
    assert code == 2
    assert "one.png and one.webp would both become one.png; rename one" in err
    assert "xx-0.png cannot be written (File name too long)" in err
    assert sum(row["error"] is not None for row in rows(data / "out")) == 4


@pytest.mark.skipif(sys.platform != "linux", reason="names are text there")
def test_names_that_are_no_text(run, data):
    grey(data / "photos" / "one.png").rename(data / "photos" / "caf\udce9.png")
    assert run(*CALL, "-o", "out", "--shards", "2")[0] == 0
    assert run(*CALL, "-o", "out2")[0] == 0
    assert "caf\\xe9.png" in [row["content"] for row in rows(data / "out2")]
    assert (data / "out2" / "caf\udce9.png").is_file()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--alpha", "0.9,0.1"], "alpha goes from 0.9 to 0.1"),
        (["--alpha", "0.1,0.5,0.9"], "has 3 numbers"),
        (["--alpha", "2"], "alpha is 2.0"),
        (["--seed", "-1"], "the seed is -1"),
        (["--per-image", "0"], "the number of pictures for each is 0"),
        (["--shards", "0"], "the size of a shard is 0"),
        (["--quality", "101"], "the quality is 101"),
        (["--workers", "0"], "the number of workers is 0"),
        (["--styles", "scream"], "there is a folder of styles, and --styles"),
        (["-o", "photos/out"], "photos/out and photos lie in each other"),
        (["-o", "tiny"], "tiny holds other files"),
    ],
)
def test_options_that_cannot_be(options, said, run, data):
    before = sorted(data.rglob("*"))
    code, _, err = run(*CALL, "-o", "out", *options)
    assert code == 2
    assert said in one_line(err)
    assert sorted(data.rglob("*")) == before


def test_other_settings_are_refused(run, data):
    run(*CALL, "-o", "out")
    before = files(data / "out")
    for options, named in ((["--seed", "1"], "seed"), (["--per-image", "2", "--alpha", "0.5"], "alpha, per_image")):
        code, _, err = run(*CALL, "-o", "out", *options)
        assert code == 2
        assert f"out was begun with another value of {named}; give the same, or another -o" in one_line(err)
    Image.new("RGB", (16, 16)).save(data / "paintings" / "black.png")
    assert "another value of styles" in run(*CALL, "-o", "out")[2]
    assert files(data / "out") == before


def test_two_runs_do_not_meet(run, data):
    pytest.importorskip("fcntl")
    with Journal(data / "out", {}):
        assert "another run is at work on out" in one_line(run(*CALL, "-o", "out")[2])


# --- going on -------------------------------------------------------------------------------------------


def many(data: Path) -> int:
    for number in range(150):
        grey(data / "photos" / f"{number % 7}" / f"{number:03}.png", (64, 64), number)
    return 150 + 3


def command(*call: str) -> list[str]:
    return [sys.executable, "-m", "adain", *call]


def lines(out: Path) -> list[bytes]:
    file = out / ".dataset" / "journal.jsonl"
    return file.read_bytes().splitlines() if file.is_file() else []


def test_a_killed_run_goes_on(run, data):
    total, out = many(data), data / "out"
    call = (*CALL, "-o", "out", "--alpha", "0.2,0.8")
    process = subprocess.Popen(command(*call), cwd=data)
    while len(lines(out)) < 20 and process.poll() is None:
        time.sleep(0.002)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    done = lines(out)
    assert 20 <= len(done) < total
    (out / ".dataset" / "parts" / ".adain-0123456789ab.png").write_bytes(b"half")
    (out / ".dataset" / "styles" / ".adain-0123456789ab.npy").write_bytes(b"half")
    with (out / ".dataset" / "journal.jsonl").open("ab") as journal:
        journal.write(b'{"content": "3/0')
    times = {path: path.stat().st_mtime_ns for path in out.rglob("*.png") if path.is_file()}
    assert run(*call) == (0, "", "")
    whole = {f"{json.loads(line)['content']}" for line in done if line.endswith(b"}")}
    assert all(path.stat().st_mtime_ns == times[path] for path in times if path.relative_to(out).as_posix() in whole)
    keys = [json.loads(line)["content"] for line in lines(out)]
    assert len(keys) == len(set(keys)) == total  # nothing twice
    run(*(each if each != "out" else "other" for each in call))
    assert files(out) == files(data / "other")
    assert not (out / ".dataset" / "parts").exists()


def test_damaged_lines_of_a_journal_count_for_nothing(run, data):
    assert run(*CALL, "-o", "out") == (0, "", "")
    expected, (line, *others) = files(data / "out"), lines(data / "out")
    wrong = ({"k": []}, {"k": True}, {"width": "x"}, {"height": 2**31}, {"bytes": 1e999}, {"sha256": 1}, {"error": {}})
    for damaged in (*(json.dumps(json.loads(line) | fields).encode() for fields in wrong), b"[]", b"[" * 100_000):
        (data / "out" / ".dataset" / "journal.jsonl").write_bytes(b"\n".join([damaged, *others, b""]))
        assert run(*CALL, "-o", "out") == (0, "", "")
        assert files(data / "out") == expected
    for damaged in ("[]", "[" * 100_000, "null"):
        (data / "out" / ".dataset" / "settings.json").write_text(damaged)
        code, _, err = run(*CALL, "-o", "out")
        assert code == 2
        assert "out was begun with another value of" in one_line(err)


def test_an_error_that_is_no_text_is_written_as_it_can_be(run, data):
    run(*CALL, "-o", "out", "--shards", "10")
    first, *others = lines(data / "out")
    failed = json.dumps(json.loads(first) | {"error": "\ud800 is half a letter"}).encode()
    (data / "out" / ".dataset" / "journal.jsonl").write_bytes(b"\n".join([failed, *others, b""]))
    assert run(*CALL, "-o", "out", "--shards", "10")[0] == 2
    assert "\\ud800 is half a letter" in [row["error"] for row in rows(data / "out")]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
def test_a_signal_ends_a_run_after_the_picture_under_way(data):
    total = many(data)
    process = subprocess.Popen(command(*CALL, "-o", "out"), cwd=data, stderr=subprocess.PIPE, text=True)
    while len(lines(data / "out")) < 10 and process.poll() is None:
        time.sleep(0.002)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate()
    made = len(lines(data / "out"))
    assert process.returncode == 2
    assert one_line(err) == f"adain: stopped after {made} pictures; the same command goes on\n"
    assert 10 <= made < total
    assert len(files(data / "out")) == made


@pytest.mark.parametrize(("limit", "format"), [(5000, "png"), (10_000, "bmp")])
def test_a_file_that_cannot_grow_ends_a_run_in_one_line(limit, format, run, data):
    """The journal, or a picture; `tests/soak_dataset.py` fills a disk."""
    resource = pytest.importorskip("resource")
    many(data)
    call = (*CALL, "-o", "out", "--format", format, "--workers", "1")
    done = subprocess.run(
        command(*call),
        cwd=data,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert done.returncode == 2
    assert "cannot be written or read (File too large)" in one_line(done.stderr)
    assert ".adain-" not in done.stderr
    before = files(data / "out")
    assert run(*call) == (0, "", "")
    run(*(each if each != "out" else "other" for each in call))
    after = files(data / "out")
    assert after == files(data / "other")
    assert before.items() < after.items()


def test_a_lost_picture_is_made_again(run, data):
    run(*CALL, "-o", "out")
    before = files(data / "out")
    (data / "out" / "one.png").unlink()
    (data / "out" / "deep" / "two.JPEG").write_bytes(b"cut short")  # as after a power cut
    run(*CALL, "-o", "out")
    assert files(data / "out") == before


def test_styles_are_encoded_once(run, data, monkeypatch):
    encoded, encode = [], Stylizer.encode_style

    def count(self: Stylizer, *arguments) -> object:
        encoded.append(arguments[0])
        return encode(self, *arguments)

    monkeypatch.setattr(Stylizer, "encode_style", count)
    run(*CALL, "-o", "out", "--per-image", "3", "--workers", "1")
    assert len(encoded) == 3
    before = files(data / "out")
    (data / "out" / "one-0.png").unlink()
    run(*CALL, "-o", "out", "--per-image", "3")
    assert len(encoded) == 3
    assert files(data / "out") == before


def test_a_step_that_no_process_lives_through_is_a_failure(run, data, monkeypatch):
    def dead(make, steps, stop, workers):
        yield from ((step, None) for step in steps)

    monkeypatch.setattr(sys.modules["adain.cli.dataset"], "here", dead)
    code, _, err = run(*CALL, "-o", "out")
    assert code == 2
    assert "photos/one.png: the process died again and again while it was made" in err
