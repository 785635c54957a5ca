"""Enumerations, read to the end: a reading that is not whole says so and why.

Every page is fetched. A next link met before, more pages than ``MAX_PAGES``, or an item that cannot be read
makes the reading incomplete with the gap named (safety: an error is never an empty list). A page that
cannot be fetched is a fault of the whole reading.
"""

from collections.abc import AsyncIterable, AsyncIterator, Callable
from typing import Any, TypeVar

from azure.core.pipeline.policies import ContentDecodePolicy

from avd_failover.azure.answers import Raw
from avd_failover.azure.faults import UnreadableAnswerError
from avd_failover.cloud import Reading
from avd_failover.domain.clock import Clock

MAX_PAGES = 2_000
"""Far more than the largest estate needs (10,000 hosts in pages of a few dozen). Our guess."""

T = TypeVar("T")


async def read_all(
    paged: AsyncIterable[Any], parse: Callable[[Any], T | None], clock: Clock, *, max_pages: int = MAX_PAGES
) -> Reading[T]:
    """Read every page of an SDK list; ``parse`` returns None for an item that does not belong.

    ``read_at`` is the time before the first page was asked for: what came later may be missing from it.
    """
    read_at = clock.now()
    items: list[T] = []
    gaps: list[str] = []
    async for page in _pages(paged, gaps, max_pages):
        async for raw in page:
            try:
                item = parse(raw)
            except (ValueError, TypeError, AttributeError) as error:
                gaps.append(f"an item could not be read: {error}")
            else:
                items.extend(() if item is None else (item,))
    return Reading(items=tuple(items), read_at=read_at, complete=not gaps, gap=_told(gaps))


async def _pages(paged: Raw, gaps: list[str], max_pages: int) -> AsyncIterator[AsyncIterator[Any]]:
    pages = paged.by_page()
    met: set[str] = set()
    for _ in range(max_pages):
        try:
            page = await anext(pages)
        except StopAsyncIteration:
            return
        except (TypeError, AttributeError, KeyError) as error:
            # What the SDK does with a body that has no list in it.
            raise UnreadableAnswerError(f"a page without its list: {error}") from error
        _require_list(pages)
        yield page
        link = pages.continuation_token
        if link in met:
            gaps.append("the next link leads back to a page already read")
            return
        if link:
            met.add(link)
    if pages.continuation_token:
        gaps.append(f"more than {max_pages} pages")


def _require_list(pages: Raw) -> None:
    """Refuse a page whose body has no list: some SDKs read it as an empty one.

    There is no public way to the answer of a page. What stands in for an SDK's pages has none.
    """
    answer = getattr(pages, "_response", None)
    body = answer.context.get(ContentDecodePolicy.CONTEXT_NAME) if answer is not None else None
    if isinstance(body, dict) and not isinstance(body.get("value"), list):
        raise UnreadableAnswerError("a page without its list")


def _told(gaps: list[str]) -> str:
    more = f", and {len(gaps) - 1} more" if len(gaps) > 1 else ""
    return f"{gaps[0]}{more}" if gaps else ""
