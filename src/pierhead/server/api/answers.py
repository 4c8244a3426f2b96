"""The envelope of every good answer, and its pages (harness-api §1.2)."""

from collections.abc import Callable, Iterable
from typing import Any, Generic, Literal, TypeVar, get_args, get_origin

from pierhead.control.connectors import ConnectorWarning
from pierhead.kit.paging import Page
from pierhead.server.auth import Call

from .wire.common import Wire
from .wire.notices import Notice, notices_of

T = TypeVar("T")
R = TypeVar("R")


class MetaData(Wire):
    warnings: list[Notice]


class Answer(Wire, Generic[T]):
    """``metaData`` is null unless there is something to warn about that has no place in ``data``."""

    status: Literal["SUCCESS"] = "SUCCESS"
    data: T
    meta_data: MetaData | None = None
    correlation_id: str

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        return f"{schema_name(params[0])}Answer"


class PageData(Wire, Generic[T]):
    """Pages count from 0; ``empty`` says whether this page has no items."""

    total_pages: int
    total_items: int
    page_item_count: int
    page_size: int
    content: list[T]
    page_index: int
    empty: bool
    page_token: None = None

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        return f"{schema_name(params[0])}Page"


def answer(call: Call, data: T, warnings: Iterable[ConnectorWarning] = ()) -> Answer[T]:
    notices = notices_of(warnings)
    return Answer(
        data=data, meta_data=MetaData(warnings=notices) if notices else None, correlation_id=call.correlation_id
    )


def page_data(page: Page[R], convert: Callable[[R], T]) -> PageData[T]:
    size = page.request.size
    return PageData(
        total_pages=-(-page.total // size),
        total_items=page.total,
        page_item_count=len(page.items),
        page_size=size,
        content=[convert(item) for item in page.items],
        page_index=page.request.index,
        empty=not page.items,
    )


def schema_name(parameter: Any) -> str:
    """The name of a schema: ``X`` for a model, ``XList`` for ``list[X]``."""
    own: str = (get_origin(parameter) or parameter).__name__
    return "".join(schema_name(argument) for argument in get_args(parameter)) + own[:1].upper() + own[1:]
