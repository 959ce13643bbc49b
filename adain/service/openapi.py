"""What /openapi.json says of the addresses beside what FastAPI knows."""

from typing import Any

from .problems import KINDS
from .wish import MEDIA, STYLES, Fields

PROBLEM = {
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
_STYLE = f"Names of GET /styles; in a form also paintings, and .npy codes of `adain styles PICTURE`. 1 to {STYLES}."
_TITLES = {code: f"{code}: {title}" for code, (_, title) in KINDS.items()}


def stylize_extra() -> dict[str, Any]:
    """Body and query of POST /stylize."""
    fields = Fields.model_json_schema()["properties"]
    files = {
        "content": _FILE | {"description": "The picture to restyle; of an animation the first frame is taken."},
        "style": {
            "description": _STYLE,
            "oneOf": [
                {"type": "array", "items": {"oneOf": [{"type": "string"}, _FILE]}},
                {"type": "string"},
                _FILE,
            ],
            "example": "starry-night",
        },
        "mask": _FILE | {"description": "A picture as large as the content, white where to paint."},
        "regions": _FILE | {"description": "A picture with a colour for each style, dark to bright; black stays."},
    }
    form = {"type": "object", "required": ["content", "style"], "properties": files | fields}
    styles = {"type": "array", "items": {"type": "string"}}
    query = [_query("style", styles | {"description": _STYLE}, ["starry-night"])]
    query += [_query(name, schema, schema.get("examples", [None])[0]) for name, schema in fields.items()]
    return {
        "parameters": query,
        "requestBody": {
            "required": True,
            "description": "A form; or a picture alone, with all else in the address.",
            "content": {"multipart/form-data": {"schema": form}, "image/*": {"schema": _FILE}},
        },
    }


def _query(name: str, schema: dict[str, Any], example: Any) -> dict[str, Any]:
    shown = {} if example is None else {"example": example}
    what = {"description": schema.get("description", "")}
    return {"name": name, "in": "query", "required": False, "schema": schema} | what | shown


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
        about = [_TITLES[code] for code, (its, _) in KINDS.items() if its == status]
        answers[status] = {
            "description": "; ".join(about),
            "content": {"application/problem+json": {"schema": PROBLEM}},
        }
    wait = {"description": "Seconds until a place may be free.", "schema": {"type": "integer"}}
    answers[503]["headers"] = {"Retry-After": wait}
    return answers
