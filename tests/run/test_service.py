"""The service, called in this process: pictures that are right, and what is told of requests that are not."""

import io
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from checks import photo
from PIL import Image

pytest.importorskip("fastapi_offline")
from fastapi.testclient import TestClient

from adain import Look, Style, Stylizer, shipped
from adain.bank import bank
from adain.errors import ModelError, PictureError, StyleError
from adain.service.app import create_app
from adain.service.cache import StyleCache
from adain.service.limits import Limits
from adain.service.problems import KINDS
from adain.service.wish import Fields
from adain.stopping import Stopped


def png(width: int = 64, height: int = 48, name: str = "astronaut", mode: str = "RGB") -> bytes:
    stream = io.BytesIO()
    Image.fromarray(photo(name)).resize((width, height)).convert(mode).save(stream, "png")
    return stream.getvalue()


def npy(code: Any, kind: type = np.float32) -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.asarray(code, kind))
    return stream.getvalue()


def half_mask() -> bytes:
    stream, mask = io.BytesIO(), np.zeros((48, 64), np.uint8)
    mask[:, :32] = 255
    Image.fromarray(mask).save(stream, "png")
    return stream.getvalue()


CONTENT, PAINTING, MASK = png(), png(40, 40, "coffee"), half_mask()


@pytest.fixture(scope="module")
def stylizer() -> Stylizer:
    return Stylizer("fast", "cpu", threads=1)


@pytest.fixture(scope="module")
def client(stylizer: Stylizer) -> Iterator[TestClient]:
    with TestClient(create_app(stylizer, Limits(megabytes=0.5, megapixels=0.1, painted=0.05))) as client:
        yield client


def post(client: TestClient, content: bytes = CONTENT, *files: tuple[str, bytes], **fields: Any) -> Any:
    sent = [("content", ("a", content)), *((name, ("a", data)) for name, data in files)]
    return client.post("/stylize", files=sent, data=fields)


def problem(answer: Any, status: int, code: str, field: str | None = None) -> str:
    """The sentence of a problem."""
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert (answer.status_code, told["code"], told.get("field")) == (status, code, field)
    assert told == {**told, "type": f"urn:adain:{code}", "status": status, "title": KINDS[code][1]}
    assert "\n" not in told["detail"]
    assert "Traceback" not in answer.text
    return str(told["detail"])


# --- pictures ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "fields", "look"),
    [
        ((), {"style": "scream"}, Look(("scream",))),
        ((), {"style": ["scream", "dance"], "shares": "2,1", "alpha": 0.5}, Look(("scream", "dance"), (2, 1), 0.5)),
        ((("style", PAINTING),), {}, Look((PAINTING,))),
        ((("style", PAINTING),), {"style_size": 24, "style": "dance"}, Look(("dance", PAINTING), style_size=24)),
        ((("style", npy(bank().style("udnie").code)),), {}, Look(("udnie",))),
        ((), {"style": "udnie", "color": "content", "color_strength": 0.5}, None),
        ((("mask", MASK),), {"style": "udnie", "feather": 4}, Look(("udnie",), mask=MASK, feather=4)),
        ((("regions", png(64, 48, mode="1")),), {"style": "udnie"}, Look(("udnie",), regions=png(64, 48, mode="1"))),
        ((), {"style": "udnie", "stroke_size": "2"}, Look(("udnie",), stroke_size=2)),
        ((), {"style": ["udnie", ""], "mask": "", "alpha": "", "size": ""}, Look(("udnie",))),
        ((), {"style": "udnie", "stroke_size": "full"}, Look(("udnie",), stroke_size=None)),
    ],
)
def test_the_answer_is_what_the_stylizer_gives(
    client: TestClient, stylizer: Stylizer, files: Any, fields: Any, look: Look | None
) -> None:
    look = look or Look(("udnie",), color="content", color_strength=0.5)
    answer = post(client, CONTENT, *files, format="png", **fields)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/png"
    right = stylizer.stylize(CONTENT, look)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(answer.content))), np.asarray(right))


def test_a_picture_alone_with_all_else_in_the_address(client: TestClient, stylizer: Stylizer) -> None:
    query = {"style": "scream,dance", "size": 32, "format": "png"}
    answer = client.post("/stylize", params=query, content=CONTENT)
    right = stylizer.stylize(CONTENT, Look(("scream", "dance")), size=32)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(answer.content))), np.asarray(right))
    stages = [part.partition(";dur=") for part in answer.headers["server-timing"].split(", ")]
    assert [name for name, _, _ in stages] == ["queue", "read", "style", "paint", "write"]
    assert all(float(duration) >= 0 for _, _, duration in stages)


@pytest.mark.parametrize("format", ["jpeg", "png", "webp"])
def test_formats_and_transparency(client: TestClient, format: str) -> None:
    content = Image.open(io.BytesIO(CONTENT)).convert("RGBA")
    content.putalpha(Image.open(io.BytesIO(MASK)))
    stream = io.BytesIO()
    content.save(stream, "png")
    result = Image.open(io.BytesIO(post(client, stream.getvalue(), style="scream", format=format).content))
    assert (result.format, result.size) == (format.upper(), (64, 48))
    assert result.mode == ("RGB" if format == "jpeg" else "RGBA")


def test_exif_comes_back_unless_it_is_stripped(client: TestClient) -> None:
    exif, stream = Image.Exif(), io.BytesIO()
    exif[0x010F] = "a camera"
    Image.open(io.BytesIO(CONTENT)).save(stream, "jpeg", exif=exif)
    kept, bare = (post(client, stream.getvalue(), style="scream", strip=strip).content for strip in (False, True))
    assert Image.open(io.BytesIO(kept)).getexif()[0x010F] == "a camera"
    assert not Image.open(io.BytesIO(bare)).getexif()


# --- what is refused -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "fields", "status", "code", "field", "detail"),
    [
        ((), {}, 422, "field", "style", "0 styles came; give 1 to 8"),
        ((), {"style": ["dance"] * 9}, 422, "field", "style", "9 styles came"),
        ((), {"style": "scraem"}, 422, "style", "style", "did you mean scream?"),
        ((), {"style": "/etc/passwd"}, 422, "style", "style", "no style or file named '/etc/passwd'"),
        ((), {"style": "../styles/dance"}, 422, "style", "style", "no style or file named"),
        ((("style", b"\x93NUMPY\x01\x00 broken"),), {}, 422, "style", "style", "the code cannot be read as a style"),
        ((("style", npy([1, 2])),), {}, 422, "style", "style", "has 2 values"),
        ((("style", npy([1, np.nan])),), {}, 422, "style", "style", "not finite"),
        ((("style", b"text"),), {}, 422, "picture", "style", "is not a picture that can be read"),
        ((("mask", b"text"),), {"style": "dance"}, 422, "picture", "mask", "is not a picture that can be read"),
        ((("mask", PAINTING),), {"style": "dance"}, 422, "picture", None, "the mask has 40 x 40 pixels"),
        ((("bla", b"x"),), {"style": "dance"}, 422, "field", "bla", "bla came as a file"),
        ((("content", CONTENT),), {"style": "dance"}, 422, "field", "content", "content came 2 times"),
        ((), {"style": "dance", "mask": "/etc/passwd"}, 422, "field", "mask", "mask came as text"),
        ((), {"style": "dance", "alhpa": 1}, 422, "field", "alhpa", "there is no field 'alhpa'; fields are content"),
        ((), {"style": "dance", "alpha": ["1", "2"]}, 422, "field", "alpha", "alpha came 2 times"),
        (
            (),
            {"style": "dance", "alpha": "much"},
            422,
            "field",
            "alpha",
            "alpha is 'much'; it should be a valid number",
        ),
        ((), {"style": "dance", "alpha": 2}, 422, "option", None, "alpha is 2.0; give a number from 0"),
        ((), {"style": "dance", "alpha": "nan"}, 422, "option", None, "alpha is nan"),
        ((), {"style": "dance", "size": 0}, 422, "option", None, "the size is 0"),
        ((), {"style": "dance", "size": 8}, 422, "picture", None, "is too small"),
        ((), {"style": "dance", "shares": "1,2"}, 422, "option", None, "2 shares for 1 styles"),
        (
            (),
            {"style": "dance", "color": "blue"},
            422,
            "field",
            "color",
            "it should be 'style', 'content' or 'luminance'",
        ),
        ((), {"style": "dance", "format": "gif"}, 422, "field", "format", "it should be 'jpeg', 'png' or 'webp'"),
        ((), {"style": "dance", "stroke_size": 0.1}, 422, "option", None, "the network would work on 640 x 480 pixels"),
        ((("style", png(250, 250)),), {"style_size": 999}, 422, "option", "style", "would work on 250 x 250 pixels"),
        ((("style", png(400, 300)),), {}, 422, "picture", "style", "has 400 x 300 pixels; at most 100,000 are read"),
        (
            (("mask", png(400, 300)),),
            {"style": "dance"},
            422,
            "picture",
            "mask",
            "has 400 x 300 pixels; at most 100,000",
        ),
    ],
)
def test_problems(
    client: TestClient, files: Any, fields: Any, status: int, code: str, field: str | None, detail: str
) -> None:
    assert detail in problem(post(client, CONTENT, *files, **fields), status, code, field)


def test_regions_count_as_often_as_they_are_painted(client: TestClient) -> None:
    regions = io.BytesIO()
    Image.fromarray(np.repeat(np.array([90, 250], np.uint8), 100 * 200).reshape(200, 200)).save(regions, "png")
    answer = post(client, png(200, 200), ("regions", regions.getvalue()), style=["dance", "udnie"])
    assert "work on 2 times 200 x 200 pixels" in problem(answer, 422, "option")


@pytest.mark.parametrize(
    "data",
    [b"", b"text", CONTENT[:300], png(400, 300), b"\0\0\0\x1cftypheic" + bytes(99), png(8, 8), b"GIF89a" + bytes(30)],
    ids=["empty", "text", "cut", "large", "heic", "small", "gif"],
)
def test_a_bad_picture_is_told_what_the_command_line_says(
    client: TestClient, run: Callable[..., tuple[int, str, str]], tmp_path: Any, data: bytes, monkeypatch: Any
) -> None:
    from adain.pictures import read

    (tmp_path / "a.png").write_bytes(data)
    monkeypatch.setattr(read, "MAX_PIXELS", 100_000)  # of both
    code, _, said = run("stylize", "a.png", "-s", "scream", "-o", "o.png", "--model", "fast", "--device", "cpu")
    detail = post(client, data, style="scream").json()["detail"]
    assert code == 2
    assert (
        " ".join(said.removeprefix("adain: ").replace("a.png: ", "").replace("a.png", "the picture").split()) == detail
    )


def test_no_content_and_broken_forms(client: TestClient) -> None:
    assert "no content" in problem(client.post("/stylize", files={"style": ("a", PAINTING)}), 422, "field", "content")
    headers = {"content-type": "multipart/form-data"}
    assert "cannot be read" in problem(client.post("/stylize", content=b"x", headers=headers), 400, "form")
    headers["content-type"] += "; boundary=b"
    assert "cannot be read" in problem(client.post("/stylize", content=b"x", headers=headers), 400, "form")
    body = b'--b\r\nContent-Disposition: form-data; name="content"; filename="a"\r\n\r\n' + CONTENT  # and no more
    assert "its end is missing" in problem(client.post("/stylize", content=body, headers=headers), 400, "form")
    many = [("content", ("a", b"x"))] * 17
    assert "Too many files" in problem(client.post("/stylize", files=many), 400, "form")


def test_mutated_forms_are_answered(client: TestClient) -> None:
    form = [("content", ("a", CONTENT)), ("style", ("a", npy(np.ones(40))))]
    whole = client.build_request("POST", "/stylize", files=form, data={"alpha": "1", "shares": "1"})
    random, body, seen = np.random.default_rng(0), whole.read(), set()
    heads = [place for place in range(len(body)) if b"\r\n\r\n" in body[place : place + 200]]
    for number in range(300):
        data = bytearray(body)
        for place in random.choice(heads if number % 2 else len(body), 1 + number % 5):
            data[place] = random.integers(256)
        if number % 7 == 0:
            del data[random.integers(len(data)) :]
        answer = client.post("/stylize", content=bytes(data), headers={"content-type": whole.headers["content-type"]})
        seen.add(answer.status_code)
        if answer.status_code != 200:
            problem(answer, answer.status_code, answer.json()["code"], answer.json().get("field"))
    assert seen <= {200, 400, 422}
    assert {400, 422} <= seen


def test_mutated_codes_are_styles_or_refused() -> None:
    random, whole, refused = np.random.default_rng(0), npy(np.ones(40)), 0
    for _ in range(2000):
        data = bytearray(whole)
        for place in random.integers(0, len(data), random.integers(1, 6)):
            data[place] = random.integers(256)
        try:
            assert np.isfinite(Style.load(bytes(data)).code).all()
        except StyleError as error:
            assert "\n" not in str(error)
            refused += 1
    assert 500 < refused < 2000


def test_a_form_in_which_a_browser_sends_files_that_were_not_chosen(client: TestClient) -> None:
    parts = {'name="content"; filename="a"': CONTENT, 'name="style"': b"dance", 'name="mask"; filename=""': b""}
    body = b"".join(
        b"--b\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n" % (k.encode(), v) for k, v in parts.items()
    )
    headers = {"content-type": "multipart/form-data; boundary=b"}
    answer = client.post("/stylize", content=body + b"--b--\r\n", headers=headers)
    assert answer.status_code == 200, answer.text


def test_a_large_body_is_refused_while_it_comes(client: TestClient) -> None:
    told = "the body has more than 500,000 bytes"
    assert told in problem(client.post("/stylize", content=bytes(500_001)), 413, "body-large")
    taken = []

    def chunks() -> Iterator[bytes]:
        for _ in range(600):
            taken.append(1)
            yield bytes(1000)

    assert told in problem(client.post("/stylize", content=chunks()), 413, "body-large")  # no length beforehand


def test_addresses_that_are_none(client: TestClient) -> None:
    problem(client.get("/nothing"), 404, "not-found")
    problem(client.get("/stylize"), 405, "method")
    problem(client.get("/styles/nobody.webp"), 404, "not-found")
    problem(client.get("/styles/..%2Findex.webp"), 404, "not-found")


@pytest.mark.parametrize("place", ["restyle", "encode_style"])
@pytest.mark.parametrize("error", [RuntimeError, ModelError])
def test_what_is_no_fault_of_the_client_is_not_told(
    stylizer: Stylizer, monkeypatch: pytest.MonkeyPatch, place: str, error: type[Exception]
) -> None:
    def fail(*_: Any) -> Any:
        raise error("/secret/path")

    monkeypatch.setattr(stylizer, place, fail)
    with TestClient(create_app(stylizer), raise_server_exceptions=False) as client:
        answer = post(client, CONTENT, ("style", PAINTING))
        assert "secret" not in answer.text
        problem(answer, 500, "internal")
        assert 'adain_answers_total{code="internal"} 1.0' in client.get("/metrics").text
    with TestClient(create_app(stylizer)) as client, pytest.raises(error, match="secret"):  # as the log has it
        post(client, CONTENT, ("style", PAINTING))


# --- queue and time ------------------------------------------------------------------------------------


class Gate:
    """Holds all pictures until it is opened."""

    def __init__(self, stylizer: Stylizer, monkeypatch: pytest.MonkeyPatch) -> None:
        self.open, self.came, restyle = threading.Event(), threading.Semaphore(0), stylizer.restyle

        def wait(content: Any, look: Look) -> Any:
            self.came.release()
            assert self.open.wait(30)
            return restyle(content, look)  # raises where nobody waits

        monkeypatch.setattr(stylizer, "restyle", wait)


def test_a_full_queue_answers_at_once_and_all_others_are_answered(
    stylizer: Stylizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(stylizer, monkeypatch)
    app = create_app(stylizer, Limits(queue=2), workers=1)
    with TestClient(app) as client, ThreadPoolExecutor(3) as pool:
        taken = [pool.submit(post, client, style="dance") for _ in range(3)]
        while client.get("/healthz").json()["places_taken"] < 3:
            time.sleep(0.01)
        refused = client.post("/stylize", params={"style": "dance"}, content=CONTENT)
        assert "3 requests are here, and more are not taken; try again in 2 s" in problem(refused, 503, "queue-full")
        assert refused.headers["retry-after"] == "2"
        gate.open.set()
        assert [each.result().status_code for each in taken] == [200] * 3
        assert client.get("/healthz").json()["places_taken"] == 0
        metrics = client.get("/metrics").text
    assert 'adain_answers_total{code="ok"} 3.0' in metrics
    assert 'adain_answers_total{code="queue-full"} 1.0' in metrics
    assert 'adain_seconds_count{stage="paint"} 3.0' in metrics


def test_what_is_late_is_told_and_leaves_nothing_behind(stylizer: Stylizer, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(stylizer, monkeypatch)
    app = create_app(stylizer, Limits(seconds=1), workers=1)
    with TestClient(app) as client, ThreadPoolExecutor(2) as pool:
        both = [pool.submit(post, client, style="dance") for _ in range(2)]  # one in its turn, one before
        for late in both:
            answer = late.result()
            assert "not done within 1 s" in problem(answer, 503, "late")
            assert int(answer.headers["retry-after"]) >= 0
        gate.open.set()
        assert post(client, style="dance").status_code == 200
        assert gate.came.acquire(blocking=False)
        assert gate.came.acquire(blocking=False)
        assert not gate.came.acquire(blocking=False)  # of the second, nothing was begun


def test_a_run_that_is_late_is_broken_off(stylizer: Stylizer, monkeypatch: pytest.MonkeyPatch) -> None:
    ends, restyle = [], stylizer.restyle

    def watch(*given: Any) -> Any:
        try:
            return restyle(*given)
        except Exception as error:
            ends.append(error)
            raise

    monkeypatch.setattr(stylizer, "restyle", watch)
    with TestClient(create_app(stylizer, Limits(seconds=0.3, painted=9))) as client:
        large = png(2500, 2500)  # which would take some seconds
        assert "not done within 0.3 s" in problem(post(client, large, style="dance", stroke_size="full"), 503, "late")
    (end,) = ends  # the threads have ended
    assert isinstance(end, Stopped)


def test_a_painting_is_encoded_once(client: TestClient, stylizer: Stylizer, monkeypatch: pytest.MonkeyPatch) -> None:
    encode, calls = stylizer.encode_style, []
    monkeypatch.setattr(stylizer, "encode_style", lambda *given: calls.append(given) or encode(*given))
    painting = png(33, 33, "coffee")
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: post(client, CONTENT, ("style", painting)), range(8)))
    assert len({answer.content for answer in answers}) == len(calls) == 1


def test_the_cache_is_bounded_and_keeps_no_errors() -> None:
    cache, made = StyleCache(2), []

    def encode(name: str) -> Callable[[], Style]:
        return lambda: made.append(name) or Style(np.ones(3, np.float32), name)  # type: ignore[func-returns-value]

    for name in ("a", "b", "a", "c", "a", "b"):  # c takes the place of b
        assert cache.get(name.encode(), None, encode(name)).name == name
    assert made == ["a", "b", "c", "b"]
    cache.get(b"b", 9, encode("b"))
    assert (cache.hits, cache.misses) == (2, 5)

    def fail() -> Style:
        raise PictureError("no")

    for _ in range(2):
        with pytest.raises(PictureError):
            cache.get(b"d", None, fail)


def test_a_code_is_made_by_another_where_nobody_waits_for_the_first() -> None:
    cache, begun, gone = StyleCache(), threading.Event(), threading.Event()

    def stop() -> Style:
        begun.set()
        assert gone.wait(20)
        raise Stopped

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(cache.get, b"a", None, stop)
        assert begun.wait(20)
        second = pool.submit(cache.get, b"a", None, lambda: Style(np.ones(3, np.float32), "a"))
        while not cache.hits:
            time.sleep(0.01)
        gone.set()
        assert isinstance(first.exception(), Stopped)
        assert second.result().name == "a"


def test_a_model_whose_codes_hold_no_colours_takes_the_painting_itself(write_tiny: Callable[..., Any]) -> None:
    tiny = Stylizer(write_tiny(), "cpu")
    with TestClient(create_app(tiny)) as client:
        assert client.get("/styles").json() == {"styles": []}
        assert "takes 3" in problem(post(client, style="dance"), 422, "style", "style")
        answer = post(client, CONTENT, ("style", PAINTING), color="content", format="png")
        right = np.asarray(tiny.stylize(CONTENT, Look((PAINTING,), color="content")))
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(answer.content))), right)
        answer = post(client, CONTENT, ("style", npy([1, 0, 0])), color="content")
        assert "give the painting itself" in problem(answer, 422, "style")


# --- the other addresses -------------------------------------------------------------------------------


def test_styles_and_their_thumbnails(client: TestClient) -> None:
    styles = client.get("/styles").json()["styles"]
    assert [style["name"] for style in styles] == list(bank().paintings)
    assert styles[0] == {**styles[0], "artist": "Gustav Klimt", "year": "1907"}
    for style in styles:
        answer = client.get(f"/{style['thumbnail']}")
        assert answer.headers["content-type"] == "image/webp"
        with Image.open(io.BytesIO(answer.content)) as thumbnail:
            assert thumbnail.size == (128, 128)


def test_the_description_says_all_fields_and_fetches_nothing_elsewhere(client: TestClient) -> None:
    page = client.get("/", follow_redirects=True).text
    assert "swagger-ui" in page
    assert "http://" not in page.replace("http://testserver", "")
    assert "https://" not in page
    description = client.get("/openapi.json").json()
    assert "HTTPValidationError" not in str(description)  # nothing is told but problems
    stylize = description["paths"]["/stylize"]["post"]
    form = stylize["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"]
    assert set(form) == {"content", "style", "mask", "regions", *Fields.model_fields}
    assert {each["name"] for each in stylize["parameters"]} == {"style", *Fields.model_fields}
    assert all(form[name].keys() & {"type", "anyOf"} for name in form)
    assert {int(status) for status in stylize["responses"]} == {200, *(status for status, _ in KINDS.values())} - {
        404,
        405,
    }


def test_the_examples_of_the_form_are_a_request_that_works(client: TestClient) -> None:
    stylize = client.get("/openapi.json").json()["paths"]["/stylize"]["post"]
    form = stylize["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"]
    fields = {name: each.get("example", each.get("examples", [each.get("default")])) for name, each in form.items()}
    sent = {name: value if isinstance(value, list) else [value] for name, value in fields.items()}
    texts = {name: [str(one) for one in value] for name, value in sent.items() if value != [None]}
    assert set(form) - set(texts) == {"content", "mask", "regions"}
    assert post(client, **texts).status_code == 200


def test_the_page(stylizer: Stylizer, tmp_path: Any) -> None:
    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "index.html").write_text("<p>the page")
    (tmp_path / "secret").write_text("no")
    with TestClient(create_app(stylizer, page=tmp_path / "page")) as client:
        answer = client.get("/")
        assert answer.text == "<p>the page"
        assert answer.headers["cross-origin-embedder-policy"] == "require-corp"
        problem(client.get("/%2e%2e/secret"), 404, "not-found")
        assert client.get("/healthz").json()["status"] == "ok"


def test_thumbnails_are_where_the_package_looks() -> None:
    assert {path.stem for path in shipped.THUMBNAILS.glob("*.webp")} == set(bank().paintings)
