"""Every command, whatever the encoding of the streams is, and whether they are open: at most one line, no traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from checks import grey, one_line

ADAIN = [sys.executable, "-m", "adain"]
COMMANDS = {
    "none": [],
    "help": ["stylize", "--help"],
    "version": ["--version"],
    "styles": ["styles"],
    "styles-json": ["styles", "--json"],
    "picture": ["stylize", "photo.png", "-s", "red.png", "--model", "tiny", "-o", "-"],
    "picture-json": ["stylize", "photo.png", "-s", "red.png", "--model", "tiny", "-o", "o.png", "--json"],
    "info": ["info", "tiny/stylizer.onnx"],
    "info-json": ["info", "tiny/stylizer.onnx", "--json"],
}
posix = pytest.mark.skipif(os.name == "nt", reason="closes streams as a POSIX shell does")


@pytest.fixture
def shell(write_tiny, tmp_path):
    """`shell("exec "$@" >&-", command)`: the command within a line of shell, in a folder with a picture and a model."""
    write_tiny()
    grey(tmp_path / "photo.png")
    grey(tmp_path / "red.png")
    root = Path(__file__).parents[2]

    def call(line: str, command: list[str], **environment: str) -> tuple[int, bytes, str]:
        variables = os.environ | {"PYTHONPATH": str(root)} | environment
        whole = ["bash", "-c", line, "bash", *ADAIN, *command]
        done = subprocess.run(whole, cwd=tmp_path, capture_output=True, env=variables)
        return done.returncode, done.stdout, done.stderr.decode(errors="replace")

    return call


@posix
@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('exec "$@" >&-', "the output cannot be written or read (Bad file descriptor)"),
        ('"$@" > >(exec <&-); exit $?', "the output cannot be written (its reader has gone)"),
    ],
    ids=["closed", "broken"],
)
def test_stdout_that_cannot_be_written(shell, line, reason, command):
    code, _, err = shell(line, command)
    assert code == 2
    assert reason in one_line(err)


@posix
def test_closed_streams_that_are_not_needed(shell, tmp_path):
    command = ["stylize", "photo.png", "-s", "red.png", "--model", "tiny", "-q", "-o"]
    assert shell('exec "$@" <&- >&-', [*command, "a.png"]) == (0, b"", "")
    assert shell('exec "$@" <&- >&- 2>&-', [*command, "b.png"]) == (0, b"", "")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert shell('exec "$@" 2>&-', ["stylize", "absent.png", "-s", "red.png"]) == (2, b"", "")


@posix
def test_closed_stdin(shell):
    code, out, err = shell('exec "$@" <&-', ["stylize", "-", "-s", "red.png", "--model", "tiny", "-o", "o.png"])
    assert (code, out) == (2, b"")
    assert "the stream cannot be read (Bad file descriptor)" in one_line(err)


@posix
@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437", "cp932", "gbk", "koi8-r", "utf-16"])
def test_encodings(shell, encoding):
    for name in ("none", "styles", "info"):
        code, out, err = shell('exec "$@"', COMMANDS[name], PYTHONIOENCODING=encoding)
        assert (name, code, err) == (name, 0, "")
    assert "stylizer" in out.decode(encoding)
    unknown = ["stylize", "天.png", "-s", "red.png"]
    code, out, err = shell('exec "$@"', unknown, PYTHONIOENCODING=encoding, LC_ALL="C.UTF-8")
    assert "Traceback" not in err
    assert (code, out) == (2, b"")


@posix
def test_a_name_that_is_no_text(shell, tmp_path):
    """A file name of bytes that are no UTF-8."""
    name = os.fsdecode(b"caf\xe9.onnx")
    (tmp_path / name).write_bytes((tmp_path / "tiny" / "stylizer.onnx").read_bytes())
    code, out, err = shell('exec "$@"', ["info", name], LC_ALL="C.UTF-8")
    assert (code, err) == (0, "")
    assert b"caf?.onnx" in out
