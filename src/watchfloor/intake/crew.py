"""The worker processes: started when the input turns out to be worth it, replaced when one dies."""

import gc
import tempfile
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures import TimeoutError as LateError
from concurrent.futures.process import BrokenProcessPool

from watchfloor.base.account import Account
from watchfloor.intake.parsing import Answer, Task, work

#: A run is a few MiB and takes a second at most; after this long its parser hangs.
_PATIENCE_SECONDS = 120.0


class Crew:
    """Runs tasks in worker processes and gives the answers back in order."""

    def __init__(self, workers: int, temp_dir: str = "") -> None:
        self._workers = workers
        self._folder = tempfile.TemporaryDirectory(
            prefix="watchfloor-", dir=temp_dir or None, ignore_cleanup_errors=True
        )
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
            future = self._pool.submit(work, task, self._folder.name)
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
        except Exception as error:  # a worker's memory error comes back as one
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
            # An abandoned reading is not waited for: its workers end with the run they are at.
            self._pool.shutdown(wait=not self._pending, cancel_futures=True)
            self._pool = None
        self._folder.cleanup()

    def _recover(self, task: Task, error: Exception) -> Answer:
        """Find out, in a worker of its own, whether this task is the one; the others are handed out anew."""
        self._kill()
        others = [other for other, _ in self._pending]
        self._pending.clear()
        # Where no worker ever answered, none can start here (no semaphores, an unguarded script): do without.
        hopeless = (
            not self._proven and isinstance(error, BrokenProcessPool | OSError) and not isinstance(error, LateError)
        )
        answer = work(task, self._folder.name) if hopeless else self._alone(task)
        for other in others:
            if self._proven:
                self.submit(other)
            else:
                self._pending.append((other, self._done(other)))
        return answer

    def _kill(self) -> None:
        if self._pool is None:
            return
        for process in list((self._pool._processes or {}).values()):
            process.kill()
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._pool = None

    def _done(self, task: Task) -> "Future[Answer]":
        future: Future[Answer] = Future()
        future.set_result(work(task, self._folder.name))
        return future

    def _alone(self, task: Task) -> Answer:
        pool = _new_pool(1)
        try:
            return pool.submit(work, task, self._folder.name).result(timeout=_PATIENCE_SECONDS)
        except Exception as error:
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
    return ProcessPoolExecutor(workers, mp_context=context, initializer=gc.disable)
