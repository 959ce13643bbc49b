"""The table of folders in the README is the tree, and its order is that of the imports."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "adain"
HEAVY = ("torch", "torchvision", "onnx", "onnxscript", "accelerate", "safetensors", "tensorboard", "skimage")


def table(head: str) -> list[str]:
    """All names in backticks in the first column of a table of the README."""
    lines = (ROOT / "README.md").read_text("utf-8").partition(f"| {head} | what it holds |")[2].splitlines()[2:]
    names = []
    for line in lines[: lines.index("")]:
        names += re.findall(r"`([^`]+)`", line.split("|")[1])
    return names


ROOMS = [name.removesuffix(".py").removesuffix("/") for name in table("room")]
EXTRA = ("fastapi", "fastapi_offline", "prometheus_client", "pydantic", "starlette", "uvicorn")  # of `service`
RUNNING = ROOMS[: ROOMS.index("network")]


def imports(file: Path) -> set[tuple[str, ...]]:
    """The modules of the package that a file imports, but for types: ("engines", "memory") and the like."""
    found, package = set(), file.relative_to(PACKAGE).with_suffix("").parts[:-1]
    tree = ast.parse(file.read_text("utf-8"))
    for node in tree.body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - node.level + 1] + tuple(node.module.split(".") if node.module else ())
            # `from .room import name`, where the name may be a module or not
            found |= {(*base, alias.name) if is_module((*base, alias.name)) else base for alias in node.names}
    return found


def is_module(parts: tuple[str, ...]) -> bool:
    return PACKAGE.joinpath(*parts).with_suffix(".py").exists() or PACKAGE.joinpath(*parts, "__init__.py").exists()


def modules() -> dict[tuple[str, ...], set[tuple[str, ...]]]:
    files = (file for file in PACKAGE.rglob("*.py") if file.parent != PACKAGE or not file.name.startswith("__"))
    return {
        tuple(part for part in file.relative_to(PACKAGE).with_suffix("").parts if part != "__init__"): imports(file)
        for file in files
    }


def test_the_table_of_the_package_is_its_tree():
    folders = {f"{path.parent.name}/" for path in PACKAGE.glob("*/__init__.py")}
    files = {path.name for path in PACKAGE.glob("*.py") if not path.name.startswith("__")}
    assert sorted(table("room")) == sorted(folders | files)


def test_the_table_of_the_repository_is_its_tree():
    paths = table("folder")
    assert [path for path in paths if not (ROOT / path).exists()] == []
    inside = [path for path in (ROOT / "export").iterdir() if path.is_dir() and path.name[0] not in "._"]
    assert {f"export/{path.name}/" for path in inside} | {"adain/", "tests/", "weights/"} <= set(paths)


def test_every_program_among_the_tests_is_in_the_table():
    row = next(line for line in (ROOT / "README.md").read_text("utf-8").splitlines() if line.startswith("| `tests/` |"))
    assert {path.name for path in (ROOT / "tests").glob("*.py")} - {"conftest.py"} == set(
        re.findall(r"`(\w+\.py)`", row)
    )


def test_imports_go_one_way():
    """A room imports only rooms that stand before it in the table; so there is no circle of rooms."""
    arrows = {(module[0], target[0]) for module, targets in modules().items() for target in targets if target}
    wrong = [(a, b) for a, b in arrows if a != b and ROOMS.index(b) > ROOMS.index(a)]
    assert len(arrows) > 50
    assert wrong == []


def test_network_and_training_know_no_engine():
    rooms = ("network", "training")
    known = {target[0] for module, targets in modules().items() if module[0] in rooms for target in targets}
    assert "errors" in known
    assert not known & {"engines", "session", "stream", "stylizer", "apps"}


def test_no_circle_within_a_room():
    graph, done = modules(), set()

    def visit(module: tuple[str, ...], path: tuple[tuple[str, ...], ...]) -> None:
        assert module not in path, f"a circle: {[*path, module]}"
        if module not in done:
            for target in graph.get(module, ()):
                visit(target, (*path, module))
            done.add(module)

    for module in graph:
        visit(module, ())


def run_python(program: str) -> None:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_running_wing_runs_without_torch():
    run_python(f"""if True:
        import importlib, pathlib, pkgutil, sys
        import numpy as np
        sys.modules.update(dict.fromkeys({HEAVY}))  # importing one of them fails
        import adain
        for room in {RUNNING}:
            module = importlib.import_module(f"adain.{{room}}")
            for each in pkgutil.walk_packages(getattr(module, "__path__", []), module.__name__ + "."):
                try:
                    importlib.import_module(each.name)
                except ModuleNotFoundError as missing:
                    if missing.name not in {EXTRA}:
                        raise
        picture = np.zeros((24, 32, 3), np.uint8)
        assert adain.Stylizer(device="cpu").stylize(picture, "scream", 0.5).shape == picture.shape
    """)


@pytest.mark.parametrize("arguments", [None, ["--help"], ["train", "--help"], ["evaluate", "--help"], ["styles"]])
def test_import_and_help_load_nothing_heavy(arguments):
    call = "" if arguments is None else f"sys.argv = ['adain', *{arguments}]; cli.main()"
    run_python(f"""if True:
        import sys, adain
        try:
            {f"from adain import cli; {call}" if call else "pass"}
        except SystemExit as end:
            assert not end.code
        heavy = {{"onnxruntime", "openvino", "pyarrow", "ray", *{HEAVY}}} & set(sys.modules)
        assert not heavy, heavy
    """)
