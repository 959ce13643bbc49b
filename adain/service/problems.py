"""What a client is told of an error: application/problem+json (RFC 9457) with a code that stays what it is."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

from starlette.responses import JSONResponse

from ..errors import AdaINError, OptionError, PictureError, StyleError, TooLargeError

KINDS = {  # code: status and title
    "form": (400, "the form cannot be read"),
    "not-found": (404, "there is nothing at this address"),
    "method": (405, "this address does not take this method"),
    "upload-slow": (408, "the upload took too long"),
    "body-large": (413, "the body is larger than what is taken"),
    "memory": (413, "the picture needs more memory than there is"),
    "field": (422, "a field is missing, unknown, or not of its kind"),
    "picture": (422, "a picture cannot be used"),
    "style": (422, "a style cannot be used"),
    "option": (422, "a value is outside its range, or values exclude each other"),
    "internal": (500, "something went wrong here"),
    "queue-full": (503, "as many requests as are taken are waiting"),
    "late": (503, "the picture was not done in time"),
    "stopped": (503, "the service has ended"),
}
_CODES: dict[type[AdaINError], str] = {
    TooLargeError: "memory",
    PictureError: "picture",
    StyleError: "style",
    OptionError: "option",
}


class Problem(Exception):
    """An error for the client.

    Args:
        code: of KINDS.
        detail: what came, what was expected, what to do.
        field: of the request, where it is about one.
        headers: of the answer.
    """

    def __init__(
        self, code: str, detail: str, field: str | None = None, headers: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        super().__init__(detail)
        self.code, self.detail, self.field, self.headers = code, detail, field, headers

    def to_dict(self) -> dict[str, Any]:
        """The members of the JSON object."""
        status, title = KINDS[self.code]
        about = {} if self.field is None else {"field": self.field}
        facts = {"type": f"urn:adain:{self.code}", "title": title, "status": status, "detail": self.detail}
        return facts | {"code": self.code} | about

    def response(self) -> JSONResponse:
        """The answer."""
        status, _ = KINDS[self.code]
        return JSONResponse(self.to_dict(), status, dict(self.headers), "application/problem+json")


def internal() -> Problem:
    """Of what is our own mistake, and stands in the log."""
    return Problem("internal", "the service failed at this request; its log says more")


@contextmanager
def about(field: str | None = None) -> Iterator[None]:
    """Within, an error that a client can mend is a Problem with the same sentence, of this field if of any.

    Others stay what they are, such as that of a model which fails; they name files of this machine.
    """
    try:
        yield
    except AdaINError as error:
        code = next((code for kind, code in _CODES.items() if isinstance(error, kind)), None)
        if code is None:
            raise
        raise Problem(code, str(error), field) from error
