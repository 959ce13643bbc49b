"""What /openapi.json says of the addresses beside what FastAPI knows."""

from typing import Any

from .problems import KINDS, Problem
from .wish import MEDIA, STYLES, Fields

_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "description": "urn:adain: and the code."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What came, what was expected, what to do."},
        "code": {"type": "string", "enum": list(KINDS)},
        "field": {"type": "string", "description": "Of the request, where it is about one."},
    },
}
_FILE = {"type": "string", "format": "binary"}
_STYLE = {
    "type": "array",
    "items": {"type": "string"},
    "description": f"1 to {STYLES} names of GET /styles; in a form files too: paintings, .npy codes of `adain styles`.",
}


def stylize_extra() -> dict[str, Any]:
    """Body and query of POST /stylize."""
    fields = {name: _as_sent(schema) for name, schema in Fields.model_json_schema()["properties"].items()}
    files = {
        "content": _FILE | {"description": "The picture to restyle; of an animation the first frame is taken."},
        "style": _STYLE | {"example": ["starry-night", "dance"]},
        "mask": _FILE | {"description": "A picture as large as the content, white where to paint."},
        "regions": _FILE | {"description": "A picture with a colour for each style, dark to bright; black stays."},
    }
    form = {"type": "object", "required": ["content", "style"], "properties": files | fields}
    return {
        "parameters": [_query(name, schema) for name, schema in ({"style": _STYLE} | fields).items()],
        "requestBody": {
            "required": True,
            "description": "A form; or a picture alone, with all else in the address.",
            "content": {"multipart/form-data": {"schema": form}, "image/*": {"schema": _FILE}},
        },
    }


def _as_sent(schema: dict[str, Any]) -> dict[str, Any]:
    """A list is a text with commas, and nothing is no value."""
    kinds = [kind for kind in schema.pop("anyOf", []) if kind["type"] != "null"]
    if schema.get("type") == "array":
        schema = {key: value for key, value in schema.items() if key not in ("items", "default")} | {"type": "string"}
    elif len(kinds) == 1:
        schema = {key: value for key, value in schema.items() if key != "default"} | kinds[0]
    elif kinds:
        schema["anyOf"] = kinds
    return schema


def _query(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Without a default, which the page /docs would send beside the same field of the form."""
    plain = {key: value for key, value in schema.items() if key not in ("default", "description", "examples")}
    return {"name": name, "in": "query", "required": False, "schema": plain, "description": schema["description"]}


def stylize_answers() -> dict[int | str, dict[str, Any]]:
    """The answers of POST /stylize by status."""
    timing = "Milliseconds of each stage: queue, read, style, paint, write."
    answers: dict[int | str, dict[str, Any]] = {
        200: {
            "description": "The picture, as large as the content after `size`.",
            "content": {media: {"schema": _FILE} for media in MEDIA.values()},
            "headers": {"Server-Timing": {"description": timing, "schema": {"type": "string"}}},
        }
    }
    for status in sorted({status for status, _ in KINDS.values()} - {404, 405}):
        answers |= problems(status)
    wait = {"description": "Seconds until places are free.", "schema": {"type": "integer"}}
    answers[503]["headers"] = {"Retry-After": wait}
    return answers


def problems(status: int) -> dict[int | str, dict[str, Any]]:
    """The answers of a status that is an error, with an example of each code."""
    titles = {code: title for code, (its, title) in KINDS.items() if its == status}
    examples = {code: {"value": Problem(code, title).to_dict()} for code, title in titles.items()}
    told = "; ".join(f"{code}: {title}" for code, title in titles.items())
    content = {"application/problem+json": {"schema": _PROBLEM, "examples": examples}}
    return {status: {"description": told, "content": content}}
