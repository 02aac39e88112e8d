"""The worker processes: started when the input turns out to be worth it, replaced when one dies."""

import gc
import os
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures import TimeoutError as LateError
from concurrent.futures.process import BrokenProcessPool

from watchfloor.base.account import Account
from watchfloor.intake.parsing import Task, work

#: A run is a few MiB and takes a second at most; after this long its parser hangs.
_PATIENCE_SECONDS = 120.0

Answer = tuple[bytes, Account]


class Crew:
    """Runs tasks in worker processes and gives the answers back in order."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._pool: ProcessPoolExecutor | None = None
        self._pending: list[tuple[Task, Future[Answer]]] = []
        self._proven = False

    @property
    def waiting(self) -> int:
        """Tasks handed out and not yet taken back."""
        return len(self._pending)

    @property
    def room(self) -> bool:
        """Whether another task may be handed out before an answer is taken: bounds the memory in flight."""
        return len(self._pending) < 2 * self._workers

    def submit(self, task: Task) -> None:
        """Hand out a task."""
        if self._pool is None:
            self._pool = _new_pool(self._workers)
        try:
            future = self._pool.submit(work, task)
        except BrokenProcessPool as error:
            future = Future()
            future.set_exception(error)
        self._pending.append((task, future))

    def take(self) -> Answer:
        """The answer to the oldest task.

        A task that kills its worker or hangs is answered with a rejection of its whole run.
        """
        task, future = self._pending.pop(0)
        try:
            answer = future.result(timeout=_PATIENCE_SECONDS)
        except (BrokenProcessPool, LateError, OSError) as error:
            return self._recover(task, error)
        self._proven = True
        return answer

    def take_all(self) -> Iterator[Answer]:
        """The answers to all tasks."""
        while self._pending:
            yield self.take()

    def close(self) -> None:
        """End the workers."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None

    def _recover(self, task: Task, error: Exception) -> Answer:
        """Find out, in a worker of its own, whether this task is the one; the others are handed out anew."""
        self._kill()
        others = [other for other, _ in self._pending]
        self._pending.clear()
        # Where no worker ever answered, none can start here (no semaphores, an unguarded script): do without.
        hopeless = not self._proven and not isinstance(error, LateError)
        answer = work(task) if hopeless else _alone(task)
        for other in others:
            if self._proven:
                self.submit(other)
            else:
                self._pending.append((other, _done(other)))
        return answer

    def _kill(self) -> None:
        if self._pool is None:
            return
        for process in list((self._pool._processes or {}).values()):
            process.kill()
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._pool = None


def _done(task: Task) -> "Future[Answer]":
    future: Future[Answer] = Future()
    future.set_result(work(task))
    return future


def _alone(task: Task) -> Answer:
    pool = _new_pool(1)
    try:
        return pool.submit(work, task).result(timeout=_PATIENCE_SECONDS)
    except (BrokenProcessPool, LateError, OSError) as error:
        for process in list((pool._processes or {}).values()):
            process.kill()
        account = Account()
        why = "the parser did not finish" if isinstance(error, LateError) else "the parser crashed"
        account.reject_source(task.source, task.where, f"{why} on this part")
        return b"", account
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _new_pool(workers: int) -> ProcessPoolExecutor:
    import multiprocessing

    # Not fork: the caller may hold threads (a progress bar, Arrow's pool), and their locks with them.
    context = multiprocessing.get_context("spawn")
    # Rows are no cycles: looking for some among a hundred thousand of them is a tenth of a worker's time.
    return ProcessPoolExecutor(workers, mp_context=context)


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
