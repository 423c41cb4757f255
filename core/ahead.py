"""Reading and writing beside the computing: one thing is read before it is asked for, one is still being written."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Generic, Self, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class ReadAhead(Generic[Item, Result]):
    """Reads items on one thread, never two at once. Errors of reading come when the item is taken."""

    def __init__(self, read: Callable[[Item], Result]) -> None:
        self._read = read
        self._thread = ThreadPoolExecutor(1, "read")
        self._next: tuple[Item, Future[Result]] | None = None

    def start(self, item: Item) -> None:
        """Begin to read what will be taken next."""
        if self._next is None or self._next[0] is not item:
            self._next = item, self._thread.submit(self._read, item)

    def take(self, item: Item) -> Result:
        """The item's content; waits for it, and reads it now unless that has begun."""
        self.start(item)
        assert self._next is not None
        _, reading = self._next
        self._next = None
        return reading.result()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._thread.shutdown(cancel_futures=True)


class WriteBehind(Generic[Result]):
    """Does one piece of writing at a time on a thread; leaving the context waits for it, whatever the reason."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "write")
        self._last: Future[Result] | None = None

    def start(self, write: Callable[[], Result]) -> None:
        """Begin to write; the piece before must have been `finished`."""
        assert self._last is None
        self._last = self._thread.submit(write)

    def finished(self, wait: bool = True) -> list[Result]:
        """What the piece begun last has given, once; empty without one, or if it is not done and none waits for it.

        Raises what the writing raised.
        """
        if self._last is None or not (wait or self._last.done()):
            return []
        last, self._last = self._last, None
        return [last.result()]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._thread.shutdown()
