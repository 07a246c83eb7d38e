"""Many requests at once, bounded in number and in bytes: the one place with threads."""

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

IN_FLIGHT = 64
# What the bodies in flight may hold together. A create-only request carries its body whole, so
# this, and not the size of the tree, decides the memory that a publication takes.
MAX_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """How far an operation over many assets is."""

    files_done: int
    files: int
    bytes_done: int
    size_bytes: int


Watch = Callable[[Progress], None]


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
    what is under way is waited for. Only Ctrl-C waits for nothing: whoever presses it has waited
    already, and each request is whole or not at all.
    """
    finished: SimpleQueue[Future[Result]] = SimpleQueue()
    held: dict[Future[Result], int] = {}
    pool = ThreadPoolExecutor(in_flight, thread_name_prefix="static-releases")
    try:
        for item in items:
            weight = weight_bytes(item)
            while held and (len(held) >= in_flight or sum(held.values()) + weight > max_bytes):
                yield _next(finished, held)
            future = pool.submit(work, item)
            held[future] = weight
            future.add_done_callback(finished.put)
        while held:
            yield _next(finished, held)
    except KeyboardInterrupt:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    except BaseException:
        pool.shutdown(wait=True, cancel_futures=True)
        raise
    pool.shutdown()


def _next(finished: "SimpleQueue[Future[Result]]", held: dict[Future[Result], int]) -> Result:
    future = finished.get()
    del held[future]
    return future.result()
