"""The worker processes: started when the input turns out to be worth it, replaced when one dies."""

import gc
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures import TimeoutError as LateError
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from types import ModuleType

from watchfloor.base.account import Account
from watchfloor.intake.parsing import Answer, Task, begin, work

#: A run is a few MiB and takes a second at most; after this long its parser hangs.
_PATIENCE_SECONDS = 120.0


class Crew:
    """Runs tasks in worker processes and gives the answers back in order.

    The workers start in the background; until one is ``ready`` the caller does the work itself, and where
    none can start (no semaphores, a script without a main guard) it does all of it.
    """

    def __init__(self, workers: int, temp_dir: str = "") -> None:
        self._workers = workers
        self._folder = tempfile.TemporaryDirectory(
            prefix="watchfloor-", dir=temp_dir or None, ignore_cleanup_errors=True
        )
        self._pool: ProcessPoolExecutor | None = None
        self._started: list[Future[None]] = []
        self._pending: list[tuple[Task, Future[Answer]]] = []
        self._start()

    def _start(self) -> None:
        try:
            self._pool = _new_pool(self._workers)
            with _unseen_main():
                self._started = [self._pool.submit(begin) for _ in range(self._workers)]
        except (OSError, ImportError, NotImplementedError):  # a platform without semaphores
            self._pool = None

    @property
    def ready(self) -> bool:
        """Whether a worker has said that it is there."""
        return any(future.done() and future.exception() is None for future in self._started)

    @property
    def room(self) -> bool:
        """Whether another task may be handed out before an answer is taken: bounds the memory in flight."""
        return len(self._pending) < 2 * self._workers

    def submit(self, task: Task) -> None:
        """Hand out a task."""
        if self._pool is None:
            self._start()
        try:
            assert self._pool is not None
            future = self._pool.submit(work, task, self._folder.name)
        except (BrokenProcessPool, AssertionError) as error:
            future = Future()
            future.set_exception(error)
        self._pending.append((task, future))

    def take(self) -> Answer:
        """The answer to the oldest task.

        A task that kills its worker or hangs is answered with a rejection of its whole run.
        """
        task, future = self._pending.pop(0)
        try:
            return future.result(timeout=_PATIENCE_SECONDS)
        except Exception:  # a dead pool, a late answer, a worker's memory error
            return self._recover(task)

    def take_all(self) -> Iterator[Answer]:
        """The answers to all tasks."""
        while self._pending:
            yield self.take()

    def close(self) -> None:
        """End the workers."""
        if self._pool is not None and self.ready and not self._pending:
            self._pool.shutdown()
        elif self._pool is not None:  # an abandoned reading, or workers that are still on their way
            _kill(self._pool)
        self._pool = None
        self._folder.cleanup()

    def _recover(self, task: Task) -> Answer:
        """Find out, in a worker of its own, whether this task is the one; the others are handed out anew."""
        if self._pool is not None:
            _kill(self._pool)
            self._pool = None
        others = [other for other, _ in self._pending]
        self._pending.clear()
        answer = self._alone(task)
        for other in others:
            self.submit(other)
        return answer

    def _alone(self, task: Task) -> Answer:
        pool = _new_pool(1)
        try:
            with _unseen_main():
                future = pool.submit(work, task, self._folder.name)
            return future.result(timeout=_PATIENCE_SECONDS)
        except Exception as error:
            account = Account()
            why = "the parser did not finish" if isinstance(error, LateError) else "the parser crashed"
            account.reject_source(task.source, task.where, f"{why} on this part")
            return b"", account
        finally:
            _kill(pool)


@contextmanager
def _unseen_main() -> Iterator[None]:
    """Keep spawned workers from importing the program that runs: they need nothing of it.

    It would cost them its imports, and a script without a main guard would run again in each of them.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _kill(pool: ProcessPoolExecutor) -> None:
    """End a pool whose workers may never end by themselves."""
    for process in list((pool._processes or {}).values()):
        process.kill()
    pool.shutdown(wait=False, cancel_futures=True)


def _new_pool(workers: int) -> ProcessPoolExecutor:
    import multiprocessing

    # Not fork: the caller may hold threads (a progress bar, Arrow's pool), and their locks with them.
    context = multiprocessing.get_context("spawn")
    # Rows are no cycles: looking for some among a hundred thousand of them is a tenth of a worker's time.
    return ProcessPoolExecutor(workers, mp_context=context, initializer=gc.disable)
