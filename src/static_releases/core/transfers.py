"""Many requests at once, bounded in number and in bytes: the one place with threads."""

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

IN_FLIGHT = 64
# What the bodies in flight may hold together. A create-only request carries its body whole, so
# this, and not the size of the tree, decides the memory that a publication takes.
MAX_BYTES = 64 * 1024 * 1024
# After Ctrl-C; requests to a server that answers are over by then.
_GRACE_SECONDS = 2.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """How far an operation over many assets is."""

    files_done: int
    files: int
    bytes_done: int
    size_bytes: int


Watch = Callable[[Progress], None]
# Is told how many of how many are done, where bytes say nothing.
Count = Callable[[int, int], None]


def _weightless(_item: object) -> int:
    return 0


def run(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    in_flight: int = IN_FLIGHT,
    weight_bytes: Callable[[Item], int] = _weightless,
    max_bytes: int = MAX_BYTES,
) -> Generator[Result]:
    """Yield ``work(item)`` for every item, in the order in which they finish.

    At most ``in_flight`` run at once, holding at most ``max_bytes`` together; an item that is
    larger than that alone runs alone. The first failure is raised: nothing more is started, and
    what is under way is waited for. After Ctrl-C it is waited for briefly.
    """
    workers = _Workers(work)
    held: dict[Future[Result], int] = {}
    grace_seconds: float | None = None
    try:
        for item in items:
            weight = weight_bytes(item)
            while held and (len(held) >= in_flight or sum(held.values()) + weight > max_bytes):
                yield workers.next(held)
            held[workers.submit(item)] = weight
        while held:
            yield workers.next(held)
    except KeyboardInterrupt:
        grace_seconds = _GRACE_SECONDS
        raise
    finally:
        workers.end(grace_seconds)


def counted(
    work: Callable[[Item], Result], items: Sequence[Item], count: Count | None
) -> Iterator[Result]:
    """Yield as `run` does, and tell how many are done."""
    for done, result in enumerate(run(work, items), 1):
        if count is not None:
            count(done, len(items))
        yield result


class _Workers(Generic[Item, Result]):
    """Threads that end with the process: a server that hangs doesn't keep it from ending.

    Those of `ThreadPoolExecutor` are waited for when Python exits, however long that takes.
    """

    def __init__(self, work: Callable[[Item], Result]) -> None:
        self._work = work
        self._tasks: SimpleQueue[tuple[Future[Result], Item] | None] = SimpleQueue()
        self._finished: SimpleQueue[Future[Result]] = SimpleQueue()
        self._threads: list[Thread] = []
        self._idle = 0

    def submit(self, item: Item) -> Future[Result]:
        future: Future[Result] = Future()
        future.add_done_callback(self._finished.put)
        if self._idle:
            self._idle -= 1
        else:
            thread = Thread(target=self._serve, name="static-releases", daemon=True)
            self._threads.append(thread)
            thread.start()
        self._tasks.put((future, item))
        return future

    def next(self, held: dict[Future[Result], int]) -> Result:
        future = self._finished.get()
        self._idle += 1
        del held[future]
        return future.result()

    def end(self, grace_seconds: float | None) -> None:
        """Let every thread end with what it does, and wait for that, at most so long."""
        for _ in self._threads:
            self._tasks.put(None)
        ends_at = None if grace_seconds is None else time.monotonic() + grace_seconds
        for thread in self._threads:
            # Ctrl-C may have come while one was being started, which can't be joined.
            if thread.is_alive():
                thread.join(None if ends_at is None else max(0.0, ends_at - time.monotonic()))

    def _serve(self) -> None:
        for future, item in iter(self._tasks.get, None):
            try:
                result = self._work(item)
            except BaseException as error:  # noqa: BLE001  (raised where the result is taken)
                future.set_exception(error)
            else:
                future.set_result(result)
