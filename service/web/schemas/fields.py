"""How fields become values: cleaned once, with a code of the contract for what is wrong, and every wrong one named."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, NoReturn, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    StrictStr,
    ValidationError,
    ValidationInfo,
)
from pydantic_core import PydanticCustomError

from service import privacy
from service.articles import KEY_LENGTH
from service.sites import KEY, SitePolicy
from service.web.cleaning import UNREADABLE, Unreadable, cleaned, cleaned_line, shows_nothing
from service.web.errors import FieldError, FieldErrors, Problem

Model = TypeVar("Model", bound=BaseModel)


class Wrong(PydanticCustomError):
    """A field error with a code of the contract, and the limit that it names."""

    def __new__(cls, code: str, limit: int | None = None) -> Self:
        """Make the error that `parse` turns into a `FieldError`."""
        return super().__new__(cls, code, code, {"limit": limit})


def parse(model: type[Model], fields: Mapping[str, Any], **context: Any) -> Model:
    """Return the fields as an object; raise `FieldErrors` naming every wrong one. Unknown fields are ignored."""
    try:
        return model.model_validate(dict(fields), context=context)
    except ValidationError as error:
        raise FieldErrors(list(dict.fromkeys(_field_error(one) for one in error.errors()))) from error


CODES = {"missing": "required", "string_type": "invalid_text"}


def _field_error(error: Any) -> FieldError:
    field = str(error["loc"][0]) if error["loc"] else "body"
    kind = error["type"]
    if isinstance(error.get("ctx", {}).get("limit", ""), int | None):
        return FieldError(field, kind, error["ctx"]["limit"])
    return FieldError(field, CODES.get(kind, "invalid"))


def policy(info: ValidationInfo) -> SitePolicy:
    policy = (info.context or {}).get("policy")
    return policy if isinstance(policy, SitePolicy) else SitePolicy()


def _none_as_absent(value: Any) -> Any:
    return "" if value is None else value


def required(text: str) -> str:
    if shows_nothing(text):
        raise Wrong("required")
    return text


def line(value: str) -> str:
    try:
        return cleaned_line(value)
    except Unreadable as error:
        raise Wrong("invalid_text") from error


def prose(value: str) -> str:
    try:
        return cleaned(value)
    except Unreadable as error:
        raise Wrong("invalid_text") from error


def at_most(length: Callable[[SitePolicy], int]) -> Callable[[str, ValidationInfo], str]:
    def check(text: str, info: ValidationInfo) -> str:
        limit = length(policy(info))
        if len(text) > limit:
            raise Wrong("too_long", limit)
        return text

    return check


def site_key(value: str) -> str:
    if not value:
        raise Wrong("required")
    if not KEY.fullmatch(value):
        # A key that no site can have is a site that does not exist.
        raise Problem("not-found")
    return value


def opaque(value: str) -> str:
    """Return an article's id as it is, since only its site knows what it means; '' where there is none."""
    if UNREADABLE.search(value):
        raise Wrong("invalid_text")
    if len(value) > KEY_LENGTH:
        raise Wrong("too_long", KEY_LENGTH)
    return "" if shows_nothing(value) else value


def long_enough(text: str, info: ValidationInfo) -> str:
    limit = policy(info).body_minimum
    if len(text) < limit:
        raise Wrong("too_short", limit)
    return text


def checkbox(value: Any) -> bool:
    return value is True or (isinstance(value, str) and value.strip().lower() in {"1", "true", "on", "yes"})


def phone_number(typed: str, region: str) -> str:
    """Return a typed number in E.164, '' for an empty field; limits count by the same reading that is stored."""
    text = line(typed)
    if shows_nothing(text):
        return ""
    try:
        if len(text) > PHONE_LENGTH:
            raise Wrong("invalid_phone")
        return privacy.parse_phone(text, region)
    except privacy.InvalidPhone as error:
        raise Wrong("invalid_phone") from error


PHONE_LENGTH = 64


def one_of(value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise Wrong("required" if not value else "unknown")
    return value


def number(value: Any) -> Any:
    # int() takes Arabic digits, underscores and white space, none of which is a number in a query.
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 6:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else _refuse()


def _refuse() -> NoReturn:
    raise Wrong("invalid")


def among(*values: str) -> Any:
    """Say in the published schema which values are known; the parser is not touched by it."""
    return Field(json_schema_extra={"enum": [*values]})


Limit = Annotated[int, Field(ge=1, le=100), BeforeValidator(number)]
Absent = BeforeValidator(_none_as_absent)
Typed = Annotated[StrictStr, Absent]
SiteKey = Annotated[
    Typed, AfterValidator(site_key), Field(examples=["demo"], json_schema_extra={"pattern": KEY.pattern})
]
ArticleKey = Annotated[
    Typed,
    AfterValidator(opaque),
    AfterValidator(required),
    Field(json_schema_extra={"minLength": 1, "maxLength": KEY_LENGTH}),
]
IDEMPOTENCY_KEY_LENGTH = 200
IdempotencyKey = Annotated[
    Typed,
    AfterValidator(line),
    AfterValidator(at_most(lambda _: IDEMPOTENCY_KEY_LENGTH)),
    Field(json_schema_extra={"maxLength": IDEMPOTENCY_KEY_LENGTH}),
]
ShortText = Annotated[Typed, AfterValidator(line), AfterValidator(at_most(lambda _: 2000))]
Note = Annotated[Typed, AfterValidator(prose), AfterValidator(at_most(lambda _: 2000))]
