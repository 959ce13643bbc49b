import json
import os
import re
import signal
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("av")

from clips import Pixels, moving, packets_of, read_clip, write_clip

from adain.apps import video
from adain.errors import OptionError, PictureError, VideoError
from adain.look import Look
from adain.pictures import Picture, load, save
from adain.styles import Style
from adain.stylizer import Stylizer
from adain.video.clip import Span
from adain.video.hdr import to_standard
from adain.video.read import VideoFile
from adain.video.timeline import Timeline
from adain.video.write import Encoding

Make = Callable[..., video.Job]
RED = Look.of(Style(np.array([1, 0, 0], np.float32), "red"), 0.0)  # the content itself
PLAIN = Timeline(RED)


@pytest.fixture
def stylizer(write_tiny: Callable[..., Path]) -> Stylizer:
    return Stylizer(write_tiny(), "cpu")


@pytest.fixture
def job(tmp_path: Path) -> Make:
    """A job that leaves the pictures as they are, written with hardly any loss."""

    def make(content: Path | str, output: str = "out.mp4", look: Timeline = PLAIN, **more: Any) -> video.Job:
        encoding = None if output.endswith(".png") else Encoding.of(Path(output).suffix, quality=4)
        more = {"smooth": 0.0} | more
        return video.Job(str(content), str(tmp_path / output), look, encoding=encoding, **more)

    return make


def error(a: list[Pixels], b: list[Pixels]) -> float:
    """The mean difference of the worst frame, in steps of 255."""
    return max(float(np.abs(x.astype(int) - y).mean()) for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("sound", ["mono", "5.1", None])
def test_frames_times_and_sound_are_kept(tmp_path: Path, stylizer: Stylizer, job: Make, sound: str | None) -> None:
    import av

    clip = write_clip(tmp_path / "in.mp4", moving(20), sound=sound, options={"bf": "3"})
    done = video.run(stylizer, job(clip))
    assert (done.frames, done.new, done.bad, done.stopped) == (20, 20, 0, False)
    (before, times), (after, new_times) = read_clip(clip), read_clip(tmp_path / "out.mp4")
    assert new_times == times
    assert error(before, after) < 1.5
    with av.open(str(clip)) as content, av.open(str(tmp_path / "out.mp4")) as output:
        assert output.duration == content.duration
        layouts = [[each.layout.name for each in container.streams.audio] for container in (content, output)]
    assert layouts == [[sound], [sound]] if sound else [[], []]
    if sound:
        assert packets_of(tmp_path / "out.mp4", "audio") == packets_of(clip, "audio")
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["in.mp4", "out.mp4"]


def test_a_variable_rate_stays(tmp_path: Path, stylizer: Stylizer, job: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video, "FRAMES", 4)  # several parts, with B-frames at their borders
    times = np.cumsum([0, 0.01, 0.2, 0.03, 0.04, 0.3, 0.011, 0.011, 0.5, 0.02, 0.02, 0.02, 0.4]).tolist()
    clip = write_clip(tmp_path / "in.mp4", moving(len(times)), times=times)
    video.run(stylizer, job(clip))
    (before, old), (after, new) = read_clip(clip), read_clip(tmp_path / "out.mp4")
    assert new == old
    assert error(before, after) < 1.5


def test_a_constant_rate_shows_what_is_shown_then(tmp_path: Path, stylizer: Stylizer, job: Make) -> None:
    clip = write_clip(tmp_path / "in.mp4", moving(4), times=[0, 0.1, 0.3, 0.4], rate=10)
    video.run(stylizer, job(clip, span=Span(rate=20)))
    after, times = read_clip(tmp_path / "out.mp4")
    assert times == [Fraction(number, 20) for number in range(10)]
    shown = [round(frame[4, 4].mean() / 8) for frame in after]
    assert shown == [0, 0, 1, 1, 1, 1, 2, 2, 3, 3]


@pytest.mark.parametrize("rotation", [90, 180, -90])
def test_a_phone_held_upright(tmp_path: Path, stylizer: Stylizer, job: Make, rotation: int) -> None:
    clip = write_clip(tmp_path / "in.mp4", moving(3), rotation=rotation, ratio=Fraction(4, 3))
    video.run(stylizer, job(clip))
    (before, _), (after, _) = read_clip(clip), read_clip(tmp_path / "out.mp4")
    assert error([np.rot90(frame, rotation // 90) for frame in before], after) < 1.5
    shape = VideoFile(tmp_path / "out.mp4").shape
    assert shape.pixel_ratio == (Fraction(4, 3) if rotation == 180 else Fraction(3, 4))


def test_webm_to_webm(tmp_path: Path, stylizer: Stylizer, job: Make) -> None:
    clip = write_clip(tmp_path / "in.webm", moving(6), codec="libvpx-vp9", sound="stereo", sound_codec="libopus")
    video.run(stylizer, job(clip, "out.webm"))
    (before, times), (after, new_times) = read_clip(clip), read_clip(tmp_path / "out.webm")
    assert new_times == times
    assert error(before, after) < 2.5
    assert packets_of(tmp_path / "out.webm", "audio") == packets_of(clip, "audio")


def test_sound_that_the_file_cannot_hold_is_encoded_anew(tmp_path: Path, stylizer: Stylizer, job: Make) -> None:
    import av

    clip = write_clip(tmp_path / "in.mp4", moving(25), sound="5.1")
    done = video.run(stylizer, job(clip, "out.webm"))
    assert done.notes == ["the sound (und) is aac, which the file cannot hold; it becomes libopus"]
    with av.open(str(tmp_path / "out.webm")) as container:
        stream = container.streams.audio[0]
        assert (stream.codec_context.name, stream.layout.nb_channels) == ("opus", 6)
        seconds = sum(frame.samples for frame in container.decode(stream)) / 48_000
    assert seconds == pytest.approx(1, abs=0.05)


def test_chapters_title_and_subtitles(tmp_path: Path, stylizer: Stylizer, job: Make) -> None:
    import av

    second = {"time_base": Fraction(1, 1000), "metadata": {}}
    chapters = [{"id": 1, "start": 0, "end": 400, **second}, {"id": 2, "start": 400, "end": 1000, **second}]
    clip = write_clip(tmp_path / "in.mkv", moving(25), chapters=chapters, subtitles=[(0.1, "one"), (0.7, "two")])
    video.run(stylizer, job(clip, "out.mkv", span=Span(start=0.4)))
    with av.open(str(tmp_path / "out.mkv")) as container:
        assert container.metadata["title"] == "a clip"
        unit = [chapter["time_base"] for chapter in container.chapters()]
        ends = [(c["start"] * u, c["end"] * u) for c, u in zip(container.chapters(), unit, strict=True)]
    assert ends == [(0, Fraction(6, 10))]
    assert packets_of(tmp_path / "out.mkv", "subtitle") == [(pytest.approx(0.3), b"two")]
    done = video.run(stylizer, job(clip))
    assert done.notes == ["the subtitles are subrip, which the file cannot hold; give a .mkv to keep them"]


def test_from_and_to(tmp_path: Path, stylizer: Stylizer, job: Make) -> None:
    clip = write_clip(tmp_path / "in.mp4", moving(25), sound="mono", options={"g": "10"})
    video.run(stylizer, job(clip, span=Span(0.2, 0.6)))
    (before, _), (after, times) = read_clip(clip), read_clip(tmp_path / "out.mp4")
    assert times == [Fraction(number, 25) for number in range(10)]
    assert error(before[5:15], after) < 1.5
    sound = packets_of(tmp_path / "out.mp4", "audio")
    assert sound[0][0] == pytest.approx(0, abs=0.03)
    assert sound[-1][0] == pytest.approx(0.4, abs=0.03)
    with pytest.raises(VideoError, match="no frame of .* can be decoded from 9 s on"):
        video.run(stylizer, job(clip, span=Span(9)))


@pytest.mark.parametrize(("codec", "output", "tag"), [("h265", "out.mp4", "hvc1"), ("av1", "out.mkv", None)])
def test_other_codecs(tmp_path: Path, stylizer: Stylizer, job: Make, codec: Any, output: str, tag: str | None) -> None:
    import av

    clip = write_clip(tmp_path / "in.mp4", moving(4))
    encoding = Encoding.of(Path(output).suffix, codec, 8)
    video.run(stylizer, replace(job(clip, output), encoding=encoding))
    assert error(read_clip(clip)[0], read_clip(tmp_path / output)[0]) < 2.5
    with av.open(str(tmp_path / output)) as container:
        coder = container.streams.video[0].codec_context
        assert tag is None or coder.codec_tag == tag
        assert (coder.colorspace, coder.color_range, coder.color_primaries) == (1, 1, 1)


def test_odd_sides_size_and_a_single_frame(tmp_path: Path, stylizer: Stylizer, job: Make) -> None:
    frame = moving(1, 65, 49)
    clip = write_clip(tmp_path / "in.mp4", frame, pix_fmt="yuv444p", sound="mono")
    assert video.run(stylizer, job(clip)).frames == 1
    after, times = read_clip(tmp_path / "out.mp4")
    assert (after[0].shape, times) == ((48, 64, 3), [0])
    video.run(stylizer, job(clip, span=Span(size=33)))
    assert read_clip(tmp_path / "out.mp4")[0][0].shape == (24, 32, 3)
    with pytest.raises(PictureError, match="20 x 15 pixels is too small"):
        video.run(stylizer, job(clip, span=Span(size=20)))


def test_files_that_are_no_videos(tmp_path: Path, stylizer: Stylizer, job: Make) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("No video.\n" * 100)
    clip = write_clip(tmp_path / "in.mp4", moving(3))
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(clip.read_bytes()[:-200])  # without the table of frames
    for file, said in (
        (text, "is no video that can be read"),
        (cut, "is no video that can be read .*; it may be cut off"),
        (tmp_path / "none.mp4", r"cannot be read \(No such file or directory\)"),
        (tmp_path, "holds no picture"),
    ):
        with pytest.raises((VideoError, PictureError), match=said):
            video.run(stylizer, job(file))
    with pytest.raises(OptionError, match="would be overwritten"):
        job(clip, "in.mp4")
    assert not list(tmp_path.glob(".*"))


def test_a_file_that_is_cut_off_gives_what_it_has(tmp_path: Path, stylizer: Stylizer, job: Make) -> None:
    whole = write_clip(tmp_path / "in.mkv", moving(40), options={"g": "5", "bf": "0"}, sound="mono")
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    done = video.run(stylizer, job(cut, "out.mkv"))
    after, _ = read_clip(tmp_path / "out.mkv")
    assert 5 < len(after) == done.frames < 40
    assert re.fullmatch(r"the pictures end at [01]\.\d s of 1\.6 s; the file may be cut off", done.notes[0])
    assert error(read_clip(whole)[0][: len(after) - 1], after[:-1]) < 1.5


def test_bad_frames_are_counted_and_skipped(tmp_path: Path, stylizer: Stylizer, job: Make) -> None:
    clip = write_clip(tmp_path / "in.mov", moving(6), codec="png", pix_fmt="rgb24")
    data = clip.read_bytes()
    third = [at for at in range(len(data)) if data.startswith(b"IHDR", at)][2]
    clip.write_bytes(data[:third] + b"IHxR" + data[third + 4 :])
    done = video.run(stylizer, job(clip))
    assert (done.frames, done.bad) == (5, 1)
    assert read_clip(tmp_path / "out.mp4")[1] == [Fraction(number, 25) for number in (0, 1, 3, 4, 5)]


@pytest.mark.parametrize(("matrix", "span", "pix_fmt"), [(1, 1, "yuv420p"), (6, 2, "yuvj420p"), (9, 1, "yuv420p10le")])
def test_colours_survive(tmp_path: Path, stylizer: Stylizer, job: Make, matrix: int, span: int, pix_fmt: str) -> None:
    colours = [(230, 20, 20), (20, 200, 40), (30, 40, 220), (250, 250, 250), (8, 8, 8), (128, 128, 128)]
    frames = [np.full((32, 32, 3), colour, np.uint8) for colour in colours]
    codec = "libx265" if "10" in pix_fmt else "libx264"
    options = {"crf": "2", "x265-params": "log-level=none"} if "10" in pix_fmt else {"crf": "2"}
    clip = write_clip(
        tmp_path / "in.mp4", frames, pix_fmt=pix_fmt, colour=(matrix, span, 1, 1), codec=codec, options=options
    )
    done = video.run(stylizer, job(clip))
    assert done.notes == (["10 bits a colour become 8"] if "10" in pix_fmt else [])
    after, _ = read_clip(tmp_path / "out.mp4")
    for colour, frame in zip(colours, after, strict=True):
        np.testing.assert_allclose(frame[16, 16], colour, atol=4)


def test_high_dynamic_range(tmp_path: Path, stylizer: Stylizer, job: Make) -> None:
    """PQ: 0.5 is 92 cd/m2, 0.58 about 203, 0.75 about 1,000."""
    codes = (0.0, 0.5, 0.75)
    frames = [np.full((32, 32, 3), round(code * 65535), np.uint16) for code in codes]
    options = {"crf": "2", "x265-params": "log-level=none"}
    clip = write_clip(
        tmp_path / "in.mp4", frames, codec="libx265", pix_fmt="yuv420p10le", colour=(9, 1, 9, 16), options=options
    )
    done = video.run(stylizer, job(clip))
    assert done.notes == ["high dynamic range (PQ) is converted to standard range, 8 bits"]
    after, _ = read_clip(tmp_path / "out.mp4")
    wanted = (0, 255 * (92.2 / 203) ** (1 / 2.4), 255)
    for value, frame in zip(wanted, after, strict=True):
        np.testing.assert_allclose(frame[16, 16], value, atol=4)
    shape = VideoFile(tmp_path / "out.mp4").shape
    assert (shape.primaries, shape.transfer) == (1, 1)


@pytest.mark.parametrize("transfer", [16, 18])
def test_white_is_the_same_in_both_curves(transfer: int) -> None:
    """203 cd/m2, the white of BT.2408, is 58 % of PQ's codes and 75 % of HLG's."""
    code = {16: 0.5807, 18: 0.75}[transfer]
    frame = np.full((4, 4, 3), round(code * 65535), np.uint16)
    shoulder = 0.7 + 0.3 / (1 + (4.926 - 0.7) / 0.3 * (0.3 / (4.926 - 0.7)) - 0.3 / (4.926 - 0.7))
    np.testing.assert_allclose(to_standard(frame, transfer), 255 * shoulder ** (1 / 2.4), atol=2)


def interrupt(after: int) -> Callable[[int, int | None], None]:
    def tell(done: int, expected: int | None) -> None:
        if done == after:
            os.kill(os.getpid(), signal.SIGINT)

    return tell


def test_stopped_and_resumed_is_the_same_as_one_run(
    tmp_path: Path, stylizer: Stylizer, job: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video, "FRAMES", 4)
    clip = write_clip(tmp_path / "in.mp4", moving(18), sound="mono")
    fading = Timeline(Look((RED.style,)), {"alpha": ((0.0, 0.0), (0.7, 1.0))})
    steady: dict[str, Any] = {"look": fading, "smooth": 0.9}
    video.run(stylizer, job(clip, "whole.mp4", **steady))
    done = video.run(stylizer, job(clip, **steady), interrupt(10))
    assert done.stopped
    states = sorted((tmp_path / ".out.mp4.parts").glob("*.npz"))
    with np.load(states[0]) as first, np.load(states[1]) as last:
        assert sorted(first) == ["begins", "ends", "frames", "shown"]
        assert "before" in last
    partial, _ = read_clip(tmp_path / "out.mp4")
    assert len(partial) == done.frames == 10
    assert packets_of(tmp_path / "out.mp4", "audio")[-1][0] < 0.4 < packets_of(clip, "audio")[-1][0]
    with pytest.raises(OptionError, match="holds what is done already; give --resume to go on, or --anew"):
        video.run(stylizer, job(clip, **steady))
    with pytest.raises(OptionError, match="look, smooth, span differ from what .* was begun with"):
        video.run(stylizer, job(clip, span=Span(size=32), resume=True))
    again = video.run(stylizer, job(clip, **steady, resume=True))
    assert (again.frames, again.new) == (18, 10)
    whole, resumed = (read_clip(tmp_path / name) for name in ("whole.mp4", "out.mp4"))
    assert error(whole[0], resumed[0]) == 0
    assert whole[1] == resumed[1]
    assert packets_of(tmp_path / "out.mp4", "audio") == packets_of(clip, "audio")
    assert not list(tmp_path.glob(".*"))


def test_what_is_left_of_a_run_may_be_damaged(
    tmp_path: Path, stylizer: Stylizer, job: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video, "FRAMES", 4)
    clip = write_clip(tmp_path / "in.mp4", moving(12))
    assert video.run(stylizer, job(clip), interrupt(6)).stopped
    left = tmp_path / ".out.mp4.parts"
    (left / "000000.npz").write_bytes(b"")
    with pytest.raises(OptionError, match="000000.npz is damaged .*; give --anew to begin anew"):
        video.run(stylizer, job(clip, resume=True))
    (left / "job.json").write_text("[]")
    with pytest.raises(OptionError, match="differ from what .* was begun with"):
        video.run(stylizer, job(clip, resume=True))
    (left / "000000.npz").unlink()  # as a process leaves it that is killed while it removes the parts
    assert video.run(stylizer, job(clip, resume=True)).new == 12


def test_stopped_without_a_partial_file(tmp_path: Path, stylizer: Stylizer, job: Make) -> None:
    clip = write_clip(tmp_path / "in.mp4", moving(8))
    assert video.run(stylizer, job(clip, partial=False), interrupt(3)).stopped
    assert {file.name for file in tmp_path.iterdir()} == {"in.mp4", "tiny"}


def test_sequences_of_pictures(tmp_path: Path, stylizer: Stylizer, job: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video, "FRAMES", 2)
    frames = moving(5)
    for number, frame in enumerate(frames):
        save(Picture(frame), tmp_path / "in" / f"{number + 7:03}.png")
    (tmp_path / "in" / "009.png").write_bytes(b"no picture")
    pattern = tmp_path / "in" / "%03d.png"
    done = video.run(stylizer, job(pattern, "out/%04d.png"))
    assert (done.frames, done.bad) == (4, 1)
    names = [file.name for file in sorted((tmp_path / "out").iterdir())]
    assert names == ["0007.png", "0008.png", "0010.png", "0011.png"]
    np.testing.assert_array_equal(load(tmp_path / "out" / "0010.png").pixels, frames[3])
    video.run(stylizer, job(tmp_path / "in", span=Span(rate=10)))
    assert read_clip(tmp_path / "out.mp4")[1] == [Fraction(number, 10) for number in (0, 1, 3, 4)]
    clip = write_clip(tmp_path / "in.mp4", frames)
    video.run(stylizer, job(clip, "of/%d.png"))
    assert {file.name for file in (tmp_path / "of").iterdir()} == {f"{number}.png" for number in range(1, 6)}


def test_a_mask_and_strokes_hold_throughout(tmp_path: Path, job: Make) -> None:
    clip, mask = write_clip(tmp_path / "in.mp4", moving(3)), np.zeros((96, 128, 3), np.uint8)
    mask[:, 64:] = 255
    save(Picture(mask), tmp_path / "mask.png")
    stylizer, masked = Stylizer("fast", "cpu"), Look(mask=str(tmp_path / "mask.png"), stroke_size=2)
    styles = {"styles": ((0.0, (("scream",), ())),)}
    work = job(clip, "%d.png", Timeline(masked, styles))
    video.run(stylizer, work)
    for number, frame in enumerate(work.clip().frames(), 1):
        got = load(tmp_path / f"{number}.png").pixels
        np.testing.assert_array_equal(got[:, :64], frame.pixels[:, :64])
        np.testing.assert_array_equal(got, stylizer.stylize(frame.pixels, replace(masked, styles=("scream",))))
    told = Timeline(masked, styles).encoded(stylizer.encode).described()
    assert Timeline(masked, styles).encoded(stylizer.encode).described() == told
    save(Picture(255 - mask), tmp_path / "mask.png")
    assert Timeline(masked, styles).encoded(stylizer.encode).described() != told
    with pytest.raises(PictureError, match=r"the mask has 128 x 96 pixels, the content 64 x 48; .* --fit"):
        video.run(stylizer, job(clip, "small/%d.png", Timeline(masked, styles), span=Span(size=64)))


def test_the_command(tmp_path: Path, write_tiny: Callable[..., Path], run: Callable[..., tuple[int, str, str]]) -> None:
    clip, model = write_clip(tmp_path / "in.mp4", moving(6)), write_tiny()
    for name, value in (("red", (1, 0, 0)), ("blue", (0, 0, 1))):
        np.save(tmp_path / f"{name}.npy", np.array(value, np.float32))
    styles = ("-s", "red.npy@0", "-s", "blue.npy@0.12", "--fade", "0")
    code, out, err = run("video", clip, *styles, "--model", model, "-o", "out.mp4", "--quality", "4", "--json")
    facts = json.loads(out)
    assert (code, facts["frames"], facts["width"], facts["device"], err) == (0, 6, 128, "cpu", "")
    after, _ = read_clip(tmp_path / "out.mp4")
    assert [frame[24, 32].argmax() for frame in after] == [0, 0, 0, 2, 2, 2]
    (tmp_path / "look.toml").write_text('[[key]]\nstyles = ["red.npy"]\nalpha = 0\n[[key]]\ntime = 0.2\nalpha = 1\n')
    assert run("video", clip, "--script", "look.toml", "--smooth", "0", "--model", model, "-q", "-o", "s.mp4") == (
        0,
        "",
        "",
    )
    reds = [int(frame[40, 4, 0]) for frame in read_clip(tmp_path / "s.mp4")[0]]
    assert reds == sorted(reds)
    assert reds[-1] > 240


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "there is no style"),
        (("-s", "scream@0", "-s", "udnie"), "some styles have a time and others not"),
        (("-s", "scream@x"), "the time is 'x'"),
        (("-s", "scream@3", "-s", "udnie@2"), "give each once, in order"),
        (("-s", "scream@0", "--mix", "1"), "--mix is for styles without times"),
        (("-s", "scream", "--alpha", "2"), "alpha is 2"),
        (("-s", "scream", "--alpha", "a"), "is no number"),
        (("-s", "scream", "--stroke-size", "huge"), "--stroke-size 'huge' is no number; give one, or full"),
        (("-s", "scream", "--fade", "-1"), "the fade takes -1 s"),
        (("-s", "scream", "--from", "5", "--to", "3"), "the end is 3 s"),
        (("-s", "scream", "--fps", "0"), "the rate is 0"),
        (("-s", "scream", "-o", "x.gif"), "the format '.gif' is unknown"),
        (("-s", "scream", "-o", "x.webm", "--codec", "h264"), "a .webm file holds vp9, av1, not h264"),
        (("-s", "scream", "-o", "%d.png", "--quality", "3"), "pictures have no --codec"),
        (("--script", "none.toml"), "none.toml cannot be read"),
        (("-s", "scream"), "in.mp4 cannot be read"),
    ],
)
def test_mistakes_are_one_line(run: Callable[..., tuple[int, str, str]], arguments: tuple[str, ...], said: str) -> None:
    code, out, err = run("video", "in.mp4", *arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert err.splitlines()[-1].startswith("adain: ")


def test_interlaced_fields_are_taken_apart(tmp_path: Path, stylizer: Stylizer, job: Make) -> None:
    """A square that goes right by 8 px from field to field, as a camera of 50 fields a second sees it."""
    frames = []
    for number in range(6):
        frame = np.full((96, 160, 3), 60, np.uint8)
        for field in (0, 1):
            left = 16 + 8 * (2 * number + field)
            frame[32 + field : 64 : 2, left : left + 32] = 220
        frames.append(frame)
    clip = write_clip(tmp_path / "in.mp4", frames, options={"x264-params": "tff=1", "crf": "4"})
    done = video.run(stylizer, job(clip))
    after, times = read_clip(tmp_path / "out.mp4")
    assert times == [Fraction(number, 25) for number in range(6)]
    assert "interlaced" in done.notes[0]

    def combs(pictures: list[Pixels]) -> float:
        return float(np.mean([np.abs(np.diff(picture[34:62].astype(int), axis=0)).mean() for picture in pictures]))

    assert combs(after) < 0.4 * combs(frames)
