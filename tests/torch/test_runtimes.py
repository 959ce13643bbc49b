"""The matrix of runtimes: its own code with onnxruntime, and that no engine can end it."""

import json
import shutil
import sys
from dataclasses import replace
from subprocess import CalledProcessError

import engines
import matrix
import numpy as np
import onnx
import pytest
from matrix import Engine, Row
from replay import Conformance
from tiny import TINY, tiny

from adain import shipped

ENGINE = Engine("here", "onnxruntime", "bytes")


@pytest.fixture
def models(tmp_path):
    """A folder such as `export_models` makes, with bytes files."""
    (tmp_path / "bytes").mkdir()
    for graph in ("stylizer", "style_encoder"):
        (tmp_path / f"bytes/{graph}.onnx").symlink_to(shipped.ONNX / f"{graph}.onnx")
    (tmp_path / "bytes/fast.onnx").symlink_to(shipped.FAST / "stylizer.onnx")
    return tmp_path


@pytest.fixture
def worker(tmp_path, monkeypatch):
    """Puts another program in the place of engines.py, which first prints the result of a case."""

    def become(program: str) -> None:
        line = json.dumps({"kind": "encode", "name": "first", "largest": 0.0, "mean": 0.0, "passed": True})
        (tmp_path / "worker.py").write_text(f"import os, time\nprint('''{line}''', flush=True)\n{program}\n")
        monkeypatch.setattr(matrix, "WORKER", tmp_path / "worker.py")

    return become


def smallest(kind: str) -> str:
    """The name of the case whose picture is the smallest."""
    conformance = Conformance()

    def size(case):
        names = case.get("contents") or [case["image"]]
        return sum(conformance.picture(name).size for name in names)

    return min(conformance.manifest[kind], key=size)["name"]


def test_onnxruntime_replays_cases(models):
    names = smallest("encode"), smallest("stylize"), smallest("fast")
    cases, problem = matrix.replay(sys.executable, ENGINE, models, 120, *names)
    assert not problem
    assert [(case["kind"], case["name"], case["passed"]) for case in cases] == [
        ("encode", names[0], True),
        ("stylize", names[1], True),
        ("fast", names[2], True),
    ]


def test_a_missing_engine_fails_in_every_case(models):
    name = smallest("encode")
    cases, problem = matrix.replay(sys.executable, Engine("x", "tract", "bytes"), models, 120, name)
    assert not problem
    assert cases == [{"kind": "encode", "name": name, "error": "ModuleNotFoundError: No module named 'tract'"}]


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("os.abort()", "crashed: SIGABRT"),
        ("raise RuntimeError('no such layer')", "crashed: RuntimeError: no such layer"),
        ("os.system('sleep 60')", "stopped after 2 s"),  # which would keep stdout open
        ("", ""),
    ],
)
def test_what_was_done_before_the_end_is_kept(models, worker, program, expected):
    worker(program)
    cases, problem = matrix.replay(sys.executable, ENGINE, models, 2, "any")
    assert [case["name"] for case in cases] == ["first"]
    assert problem == expected


def test_an_engine_that_cannot_be_installed_is_a_row(models, monkeypatch):
    def fail(*arguments):
        raise CalledProcessError(1, "pip", stderr=b"Looking\nERROR: No matching distribution found\n\n")

    monkeypatch.setattr(matrix, "pip_install", fail)
    row = matrix.run(ENGINE, models, 1)
    assert row.problem == "not installed: ERROR: No matching distribution found"
    assert row.problem in matrix.table([row])


def test_an_engine_that_needs_a_gpu_is_a_row(models, monkeypatch):
    monkeypatch.setattr(matrix.shutil, "which", lambda name: None)
    assert matrix.run(replace(ENGINE, needs="gpu"), models, 1).problem == "not run: no GPU here"
    assert matrix.run(replace(ENGINE, needs="node"), models, 1).problem == "not run: no Node here"


def test_portable_files_are_padded_and_cropped(tmp_path):
    (tmp_path / "stylizer.onnx").write_bytes(tiny(replace(TINY, io="portable")))
    (tmp_path / "style_encoder.onnx").write_bytes(tiny(replace(TINY, io="portable", graph="style_encoder")))
    shutil.copy(tmp_path / "stylizer.onnx", tmp_path / "fast.onnx")
    strides = {"stylizer": 8, "style_encoder": 8, "fast": 16}
    stylize, encode_style, fast = engines.functions(engines.onnxruntime, "portable", tmp_path, strides)
    contents = np.random.default_rng(0).integers(0, 256, (2, 17, 21, 3), np.uint8)
    codes = np.array([[0.0, 0.5, 1.0], [1.0, 0.0, 0.0]], np.float32)
    expected = contents * 0.75 + 0.25 * 255 * codes[:, None, None]
    np.testing.assert_allclose(stylize(contents, codes, 0.25), expected, atol=0.51)
    np.testing.assert_allclose(
        stylize(contents, codes[:1], 1.0)[1], np.broadcast_to(codes[0] * 255, (17, 21, 3)), atol=0.51
    )
    np.testing.assert_allclose(fast(contents, codes, 0.25), expected, atol=0.51)
    even = contents[:, :16, :16]
    np.testing.assert_allclose(encode_style(even), even.mean((1, 2)) / 255, atol=1e-5)


def test_files_of_one_size_are_preferred(tmp_path):
    (tmp_path / "stylizer.onnx").write_bytes(tiny(replace(TINY, io="portable")))
    matrix.fix_sizes(tmp_path / "stylizer.onnx", 24, 16)
    opened = []

    def open_file(file):
        opened.append(file.name)
        return engines.onnxruntime(file)

    stylize, _, _ = engines.functions(open_file, "portable", tmp_path, {"stylizer": 8})
    for rows in (24, 23, 16):
        stylize(np.zeros((1, rows, 16, 3), np.uint8), np.zeros((1, 3), np.float32), 1.0)
    assert opened == ["stylizer-24x16.onnx", "stylizer.onnx"]
    shape = onnx.load(tmp_path / "stylizer-24x16.onnx").graph.input[0].type.tensor_type.shape
    assert [axis.dim_value for axis in shape.dim] == [1, 3, 24, 16]


def test_sizes_are_those_of_the_padded_pictures():
    conformance, expected = Conformance(), set()
    for case in conformance.manifest["encode"]:
        height, width = conformance.picture(case["image"]).shape[:2]
        expected.add((-(-height // 8) * 8, -(-width // 8) * 8))
    assert matrix.sizes("style_encoder", 8) == expected


def test_the_table():
    cases = [
        {"kind": "encode", "name": "code", "largest": 0.0004, "mean": 0.0001, "passed": True},
        {"kind": "stylize", "name": "good", "largest": 1.0, "mean": 0.01, "passed": True},
        {"kind": "stylize", "name": "bad", "largest": 9.0, "mean": 0.2, "passed": False},
        {"kind": "stylize", "name": "odd", "error": "Error: no | in\nthe table"},
    ]
    row = Row("engine", "portable", "a note", "1.2", "crashed: SIGSEGV", cases)
    header, rule, line = matrix.table([row]).splitlines()
    assert line == (
        "| engine | 1.2 | portable | 2 of 4 | 9, 0.2 | 0.0004 | "
        "crashed: SIGSEGV; odd: Error: no \\| in the table; bad differs; a note |"
    )
    assert header.count("|") == rule.count("|") == line.count("|") - 1  # one is escaped
    assert matrix.table([Row("engine", "bytes", "")]).splitlines()[2] == "| engine |  | bytes |  |  |  |  |"


def test_rows_of_other_engines_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(matrix, "HERE", tmp_path)
    monkeypatch.setattr(matrix, "ENGINES", (ENGINE, replace(ENGINE, name="other")))
    monkeypatch.setattr(matrix, "export_models", lambda: tmp_path)
    monkeypatch.setattr(
        matrix, "run", lambda engine, models, seconds: Row(engine.name, engine.door, "", f"{seconds:g}")
    )
    matrix.main([])
    matrix.main(["--only", "other", "--minutes", "0.5"])
    rows = [Row(**row) for row in json.loads((tmp_path / "runtimes.json").read_text("utf-8"))]
    assert [(row.name, row.version) for row in rows] == [("here", "600"), ("other", "30")]
    assert matrix.table(rows) in (tmp_path / "RUNTIMES.md").read_text("utf-8")


def test_the_table_that_is_committed_is_of_the_engines_that_are_known():
    rows = [Row(**row) for row in json.loads((matrix.HERE / "runtimes.json").read_text("utf-8"))]
    assert [row.name for row in rows] == [engine.name for engine in matrix.ENGINES]
    assert matrix.table(rows) in (matrix.HERE / "RUNTIMES.md").read_text("utf-8")
    assert not [case for row in rows for case in row.cases if not case.get("passed")]
