"""`adain evaluate`: pairs, sources, the loop, the report, and the command."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.testing import assert_allclose
from onnx import TensorProto, helper
from PIL import Image
from safetensors.torch import save_file

from adain.errors import ModelError, OptionError, PictureError, how_to_install
from adain.evaluation.evaluate import Evaluation
from adain.evaluation.metrics import METRICS
from adain.evaluation.pairs import Pair, plan, square
from adain.evaluation.report import Report
from adain.evaluation.sources import FromFolder, FromModel, Predictor
from adain.evaluation.vgg import load_vgg
from adain.look import Look
from adain.network.vgg import Encoder
from adain.stylizer import Stylizer

SIZE = 64
GROUND = {"plain_kurtosis", "plain_dark", "plain_spectrum", "marks"}  # needs a larger picture


@pytest.fixture(scope="module")
def vgg_file(tmp_path_factory) -> Path:
    """Random weights in the layout of the original ones."""
    path = tmp_path_factory.mktemp("vgg") / "vgg.safetensors"
    save_file(Encoder("vgg16").state_dict(), path)
    return path


@pytest.fixture(scope="module")
def vgg(vgg_file) -> Encoder:
    return load_vgg(vgg_file, "cpu")


@pytest.fixture
def folders(tmp_path) -> tuple[Path, Path]:
    """Three contents and two styles of several sizes."""
    for kind, names, spread in (("photos", "abc", 30), ("paintings", "xy", 90)):
        (tmp_path / kind).mkdir()
        for index, name in enumerate(names):
            size = (90 + 10 * index, 72)
            channels = [Image.effect_noise((18, 12), spread).resize(size) for _ in range(3)]
            Image.merge("RGB", channels).save(tmp_path / kind / f"{name}.png")
    return tmp_path / "photos", tmp_path / "paintings"


def copies(folder: Path, pairs: list[Pair], which: str) -> Path:
    """Results that are the content or the style of each pair."""
    folder.mkdir()
    for pair in pairs:
        Image.fromarray(square(getattr(pair, which), SIZE)).save(folder / f"{pair.name}.png")
    return folder


# --- pairs ----------------------------------------------------------------------------------------------


def test_all_pairs(folders):
    assert [pair.name for pair in plan(*folders)] == [f"{c}__{s}" for c in "abc" for s in "xy"]
    assert plan(*folders, count=99) == plan(*folders)


@pytest.mark.parametrize(("contents", "styles"), [(10, 12), (4, 4), (3, 7), (6, 9)])
def test_a_part_is_even_and_grows(tmp_path, contents, styles):
    for kind, count in (("c", contents), ("s", styles)):
        (tmp_path / kind).mkdir()
        for index in range(count):
            (tmp_path / kind / f"{index:02}.png").touch()
    smaller: set[Pair] = set()
    for count in range(1, contents * styles + 1):
        pairs = plan(tmp_path / "c", tmp_path / "s", count, seed=5)
        assert len(set(pairs)) == count
        assert smaller < set(pairs)
        smaller = set(pairs)
        for side, total in (("content", contents), ("style", styles)):
            met = Counter(getattr(pair, side) for pair in pairs).values()
            assert max(met) - (min(met) if len(met) == total else 0) <= 1
    assert plan(tmp_path / "c", tmp_path / "s", 5, seed=6) != plan(tmp_path / "c", tmp_path / "s", 5, seed=5)


def test_pairs_that_cannot_be(folders, tmp_path):
    photos, paintings = folders
    with pytest.raises(OptionError, match="0 pairs cannot be scored"):
        plan(photos, paintings, 0)
    with pytest.raises(PictureError, match="absent does not exist"):
        plan(tmp_path / "absent", paintings)
    Image.new("RGB", (9, 9)).save(photos / "a.jpg")
    with pytest.raises(PictureError, match=r"a\.jpg and .*a\.png would both give a__x\.png"):
        plan(photos, paintings)


def test_square(tmp_path):
    image = Image.effect_noise((150, 101), 80).convert("RGB")
    image.save(tmp_path / "p.png")
    expected = image.resize((95, 64), Image.Resampling.BICUBIC).crop((15, 0, 79, 64))
    np.testing.assert_array_equal(square(tmp_path / "p.png", 64), np.asarray(expected))
    expected = image.resize((297, 200), Image.Resampling.BICUBIC).crop((48, 0, 248, 200))
    np.testing.assert_array_equal(square(tmp_path / "p.png", 200), np.asarray(expected))


# --- the loop -------------------------------------------------------------------------------------------


def test_the_sanity_rows_are_what_they_should_be(folders, tmp_path, vgg):
    pairs = plan(*folders)
    for which in ("content", "style"):
        source = FromFolder(copies(tmp_path / which, pairs, which))
        for scored in Evaluation(pairs, source, vgg, size=SIZE).run():
            assert scored is not None
            scores = scored.scores
            assert scores["output"] == pytest.approx(scores[which])
            assert set(scores["output"]) == METRICS.keys() - {"cast", "emb_cos_c", "st_lpips"} - GROUND
            for name in ("content_in", "content_n"):
                assert scores["content"][name] == 0 < scores["style"][name]
            for name in ("style_n", "style_n_1", "style_n_2", "style_n_3", "style_n_4"):
                assert scores["style"][name] == 0 < scores["content"][name]
            assert scores["style"]["frechet"] < 1e-6 < scores["content"]["frechet"]
            for name in ("ssim", "edge_ssim", "edge_corr", "border", "grid_2", "grid_4", "grid_8"):
                assert scores["content"][name] == pytest.approx(1)
            for name in ("ssim", "edge_ssim", "edge_corr"):
                assert scores["style"][name] < 0.6


def test_plain_ground(tmp_path, vgg):
    """A flat content, one that is not, and two paintings: the sanity rows say what they should."""
    for name, pixels in {
        "photos/flat": np.full((160, 160, 3), 128),
        "photos/noise": np.random.default_rng(0).integers(0, 256, (160, 160, 3)),
        "paintings/fine": 128 + np.random.default_rng(1).normal(0, 20, (160, 160, 1)).repeat(3, 2),
        "paintings/wave": 128 + 40 * np.cos(np.arange(160) / 3)[None, :, None].repeat(160, 0).repeat(3, 2),
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / f"{name}.png")
    pairs = plan(tmp_path / "photos", tmp_path / "paintings")
    (tmp_path / "out").mkdir()
    for pair in pairs:  # marks every style alike
        Image.open(tmp_path / "paintings" / "fine.png").save(tmp_path / "out" / f"{pair.name}.png")
    evaluation = Evaluation(pairs, FromFolder(tmp_path / "out"), vgg, size=160)
    first, second, *others = (scored.scores for scored in evaluation.run() if scored)
    assert evaluation.facts()["pairs_with_plain_ground"] == 2
    assert not any(GROUND & set(scores["output"]) for scores in others)
    assert GROUND - set(first["output"]) == {"marks"}  # there was no other style before
    assert first["output"]["plain_spectrum"] == pytest.approx(0)  # it is the painting
    assert second["output"]["plain_spectrum"] > 5
    assert second["output"]["marks"] == pytest.approx(0)
    assert second["style"]["marks"] == pytest.approx(1)
    assert second["style"]["plain_kurtosis"] == pytest.approx(-1.5, abs=0.1)


def test_missing_results_and_results_of_another_size(folders, tmp_path, vgg):
    pairs = plan(*folders)
    folder = copies(tmp_path / "out", pairs, "content")
    (folder / "a__y.png").unlink()
    large = Image.open(folder / "b__x.png").resize((100, 80))
    large.save(folder / "b__x.png")
    source = FromFolder(folder)
    evaluation = Evaluation(pairs, source, vgg, size=SIZE)
    results = list(evaluation.run())
    assert [scored is None for scored in results] == [pair.name == "a__y" for pair in pairs]
    assert (evaluation.missing, source.facts()) == (["a__y"], {"resized": 1})
    resized = next(scored for scored in results if scored and scored.pair.name == "b__x")
    np.testing.assert_array_equal(resized.output, np.asarray(large.resize((64, 64), Image.Resampling.LANCZOS)))

    for file in folder.iterdir():
        file.unlink()
    with pytest.raises(PictureError, match=r"out has none of the 6 results, such as a__x\.png"):
        list(Evaluation(pairs, source, vgg, size=SIZE).run())
    with pytest.raises(OptionError, match="the size is 63; give 64 px or more"):
        Evaluation(pairs, source, vgg, size=63)


def test_colour_that_the_network_adds(folders, write_tiny, monkeypatch):
    pair, stylizer = plan(*folders)[0], Stylizer(write_tiny(), "cpu")
    content, style = square(pair.content, SIZE), square(pair.style, SIZE)
    assert FromModel(stylizer, Look(alpha=0.5)).more(pair, content, style)["cast"] < 0.01  # it mixes grey with grey
    plain = stylizer.stylize

    def reddish(*arguments):
        picture = plain(*arguments).copy()
        picture[..., 0] = 255
        return picture

    monkeypatch.setattr(stylizer, "stylize", reddish)
    assert FromModel(stylizer, Look(alpha=0.5)).more(pair, content, style)["cast"] > 20


def predictor_file(path: Path) -> Path:
    """The "embedding" is the mean colour, of 256 x 256 pixels in 0..1."""
    pixels = helper.make_tensor_value_info("in", TensorProto.FLOAT, [1, 256, 256, 3])
    result = helper.make_tensor_value_info("out", TensorProto.FLOAT, [1, 3])
    axes = helper.make_tensor("axes", TensorProto.INT64, [2], [1, 2])
    graph = helper.make_graph(
        [helper.make_node("ReduceMean", ["in", "axes"], ["out"], keepdims=0)], "p", [pixels], [result], [axes]
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)
    return path


def test_style_match(folders, tmp_path, vgg, write_tiny):
    photos, paintings = folders
    colours = {"x": (255, 0, 0), "y": (0, 255, 0), "z": (0, 0, 255)}
    for name, colour in colours.items():
        Image.new("RGB", (70, 70), colour).save(paintings / f"{name}.png")
    Image.new("RGB", (70, 70), (0, 0, 255)).save(photos / "blue.png")
    predictor = Predictor(predictor_file(tmp_path / "predictor.onnx"))
    pairs = [Pair(photos / "blue.png", paintings / "x.png")]
    source = FromModel(Stylizer(write_tiny(), "cpu"), Look())  # gives the style's mean colour
    (scored,) = Evaluation(pairs, source, vgg, size=SIZE, predictor=predictor, styles=paintings).run()
    assert scored is not None
    matches = {row: scores["emb_cos_c"] for row, scores in scored.scores.items()}
    assert matches == pytest.approx({"output": 1, "style": 1, "content": -0.5}, abs=1e-5)  # of a triangle's corners
    (tmp_path / "text.onnx").write_text("hello")
    for name in ("text.onnx", "absent.onnx"):
        with pytest.raises(ModelError, match=rf"{name} is no style predictor"):
            Predictor(tmp_path / name)


# --- report and command ---------------------------------------------------------------------------------


def test_mean_and_standard_deviation(folders, tmp_path, vgg):
    pairs = plan(*folders)
    report = Report("mine", tmp_path / "report", keep_outputs=False)
    source = FromFolder(copies(tmp_path / "out", pairs, "style"))
    results = [scored for scored in Evaluation(pairs, source, vgg, size=SIZE).run() if scored]
    report.add(results[0])
    assert report.summary()["output"]["ssim"] == {"mean": results[0].scores["output"]["ssim"], "sd": None}
    for scored in results[1:]:
        report.add(scored)
    values = [scored.scores["output"]["ssim"] for scored in results]
    assert_allclose(list(report.summary()["output"]["ssim"].values()), [np.mean(values), np.std(values, ddof=1)])
    head, rows = report.table()
    assert head == ("metric", "better", "mine", "content unchanged", "style picture")
    row = next(row for row in rows if row[0] == "ssim")
    assert row[1:3] == ("higher", f"{np.mean(values):.3f} ± {np.std(values, ddof=1):.3f}")
    assert row[3] == "1.000 ± 0.000"
    report.write()
    assert sorted(path.name for path in (tmp_path / "report").iterdir()) == ["scores.json", "sheet.jpg", "table.md"]


def test_a_model_from_the_command_line(run, folders, vgg_file, write_tiny, tmp_path):
    options = ["--content", "photos", "--style", "paintings", "--size", SIZE, "--vgg", vgg_file, "--device", "cpu"]
    predictor = predictor_file(tmp_path / "predictor.onnx")
    code, out, err = run("evaluate", write_tiny(), *options, "--alpha", "0.5", "--predictor", predictor, "-o", "report")
    assert code == 0, err
    printed = {line.split()[0]: line for line in out.splitlines()}
    assert list(printed) == ["metric", *(name for name in METRICS if name not in {"st_lpips", *GROUND})]
    assert "tiny" in printed["metric"]
    names = [f"{c}__{s}.png" for c in "abc" for s in "xy"]
    assert sorted(path.name for path in Path("report").iterdir()) == [*names, "scores.json", "sheet.jpg", "table.md"]

    found = json.loads(Path("report/scores.json").read_text())
    assert {key: found[key] for key in ("label", "size", "pairs", "missing", "alpha", "device")} == {
        "label": "tiny", "size": SIZE, "pairs": 6, "missing": [], "alpha": 0.5, "device": "cpu",
    }  # fmt: skip
    assert [f"{row['content']}__{row['style']}.png" for row in found["rows"]] == names
    mean = np.mean([row["scores"]["output"]["style_n"] for row in found["rows"]])
    assert_allclose(found["summary"]["output"]["style_n"]["mean"], mean)
    assert f"| style_n | lower | {mean:.3f} ± " in Path("report/table.md").read_text()

    content, style = square(Path("photos/b.png"), SIZE), square(Path("paintings/y.png"), SIZE)
    with Image.open("report/b__y.png") as picture:
        expected = 0.5 * content + 0.5 * style.astype(float).mean((0, 1))
        assert_allclose(np.asarray(picture), expected, atol=1)
    with Image.open("report/sheet.jpg") as sheet:
        assert sheet.size == (3 * 128, 4 * 128)
        corner, head = sheet.getpixel((20, 20)), np.asarray(sheet.crop((128, 0, 256, 128)).resize((64, 64)))
        assert min(corner) > 250
        assert np.abs(head - square(Path("paintings/x.png"), SIZE).astype(float)).mean() < 8

    # the same pictures, scored as another tool's
    (Path("report") / names[0]).unlink()
    code, out, err = run("evaluate", *options, "--outputs", "report", "--json")
    assert code == 0
    assert err == "adain: 1 of 6 results are missing, such as a__x.png\n"
    again = json.loads(out)
    assert (again["label"], again["pairs"], again["missing"]) == ("report", 5, ["a__x"])
    for row, before in zip(again["rows"], found["rows"][1:], strict=True):
        kept = {name: before["scores"]["output"][name] for name in row["scores"]["output"]}
        assert row["scores"]["output"] == pytest.approx(kept, rel=1e-4)


def test_a_bad_picture_costs_its_own_pairs_only(run, folders, vgg_file, write_tiny, tmp_path):
    whole = (folders[0] / "a.png").read_bytes()
    (folders[0] / "b.png").write_bytes(whole[:300])
    predictor = predictor_file(tmp_path / "predictor.onnx")
    (folders[1] / "z.png").write_bytes(b"no picture")
    options = ["--content", "photos", "--style", "paintings", "--size", SIZE, "--vgg", vgg_file, "--device", "cpu"]
    given = [*options, "--predictor", predictor]
    code, out, err = run("evaluate", write_tiny(), *given, "-o", "out", "--quiet")
    assert code == 2
    assert [line.split(" ")[1] for line in err.splitlines()] == ["paintings/z.png", "photos/b.png", "5"]
    assert "5 of 9 pairs could not be scored" in err
    found = json.loads(Path("out/scores.json").read_text())
    names = [f"{c}__{s}" for c in "ac" for s in "xy"]
    assert [f"{row['content']}__{row['style']}" for row in found["rows"]] == names
    assert found["failed"].keys() == {"a__z", "b__x", "b__y", "b__z", "c__z"}
    assert {path.stem for path in Path("out").glob("*__*.png")} == set(names)
    assert out.splitlines()[0].split()[:2] == ["metric", "better"]


def test_what_was_scored_before_ctrl_c_is_kept(run, folders, vgg_file, write_tiny, monkeypatch):
    score, calls = Evaluation._score_pair, []

    def interrupted(self, pair):
        calls.append(pair)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return score(self, pair)

    monkeypatch.setattr(Evaluation, "_score_pair", interrupted)
    options = ["--content", "photos", "--style", "paintings", "--size", SIZE, "--vgg", vgg_file, "--device", "cpu"]
    code, _, _ = run("evaluate", write_tiny(), *options, "-o", "out")
    assert code == 130
    assert len(json.loads(Path("out/scores.json").read_text())["rows"]) == 2


def test_a_part_from_the_command_line(run, folders, vgg_file, write_tiny):
    options = ["--content", "photos", "--style", "paintings", "--size", SIZE, "--vgg", vgg_file, "--device", "cpu"]
    code, out, err = run("evaluate", write_tiny(), *options, "--pairs", "2", "--seed", "3", "--json")
    assert (code, err) == (0, "")
    chosen = [(row["content"], row["style"]) for row in json.loads(out)["rows"]]
    assert chosen == [(pair.content.stem, pair.style.stem) for pair in plan(*folders, 2, 3)]
    assert not list(Path().glob("*.png"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--content", "absent"], "absent does not exist"),
        (["--style", "empty"], "the folder empty holds no picture"),
        (["--outputs", "absent"], "absent is no folder; give the folder of the CONTENT__STYLE.png"),
        (["--outputs", "empty"], "empty has none of the 6 results, such as a__x.png"),
        (["tiny", "--outputs", "empty"], "MODEL and --outputs exclude each other"),
        (["tiny", "--size", "8"], "the size is 8; give 64 px or more"),
        (["tiny", "--pairs", "0"], "0 pairs cannot be scored"),
        (["tiny", "--alpha", "7"], "alpha is 7.0"),
        (["tiny", "--vgg", "absent.safetensors"], "absent.safetensors does not exist"),
        (["tiny", "--predictor", "absent.onnx"], "absent.onnx is no style predictor"),
    ],
)
def test_mistakes_give_one_line_and_code_2(run, folders, vgg_file, write_tiny, tmp_path, arguments, message):
    write_tiny()
    (tmp_path / "empty").mkdir()
    options = {"--content": "photos", "--style": "paintings", "--size": SIZE, "--vgg": vgg_file, "--device": "cpu"}
    given = [part for name, value in options.items() if name not in arguments for part in (name, value)]
    code, out, err = run("evaluate", *arguments, *given, "--quiet")
    assert (code, out) == (2, "")
    assert message in err
    assert (err.count("\n"), err[:7]) == (1, "adain: ")


def test_without_the_extra(run, folders, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "skimage" else object())
    code, _, err = run("evaluate", "--content", "photos", "--style", "paintings")
    assert code == 2
    assert err == f"adain: this command needs skimage; install with: {how_to_install('evaluate')}\n"
