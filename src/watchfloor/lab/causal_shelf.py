"""One causal model with many LoRA adapters on it, by name: loaded, unloaded and asked side by side by several threads.

The model computes one request at a time. A request holds the adapter it came for: an adapter unloaded meanwhile leaves
memory when the last request for it is answered. Knows nothing of HTTP.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Final

from watchfloor.base.errors import UsageError
from watchfloor.lab.causal_base import Base, library, without_foresight
from watchfloor.lab.causal_scoring import Scored, score

_ADAPTER: Final = ("adapter_config.json", "adapter_model.safetensors")


@dataclass(slots=True)
class _Adapter:
    """One adapter; ``key`` is its name inside PEFT, where names may hold no dots; ``users`` are requests under way."""

    key: str
    path: str
    users: int = 0
    gone: bool = False


class CausalShelf:
    """The base, asked under ``name``, and its adapters."""

    def __init__(self, base: Base, name: str) -> None:
        self.base = base
        self.name = name
        self._adapters: dict[str, _Adapter] = {}
        self._adapted: Any = None
        self._loaded = 0
        # One over the names, held for moments; one over the model, held while it computes.
        self._naming, self._computing = Lock(), Lock()

    def names(self) -> list[tuple[str, str]]:
        """``(name, folder)`` of all that can be asked; the base first."""
        with self._naming:
            return [(self.name, str(self.base.path)), *((name, each.path) for name, each in self._adapters.items())]

    def load(self, name: str, path: str) -> None:
        """Load an adapter from a folder in safetensors form; nothing else is read, for pickles run code.

        Raises:
            UsageError: the name is taken, or the folder holds no adapter for this base.
        """
        folder = Path(path)
        if not all((folder / each).is_file() for each in _ADAPTER):
            raise UsageError(f"No adapter found for {path}")
        with self._computing:
            with self._naming:
                if name == self.name or name in self._adapters:
                    raise UsageError(f"The lora adapter '{name}' has already been loaded.")
                self._loaded += 1
                made = _Adapter(f"lora_{self._loaded}", path)
            try:
                self._attach(made.key, path)
            except (OSError, ValueError, KeyError, RuntimeError, TypeError, AttributeError) as error:
                self._drop(made.key)
                raise UsageError(f"Loading lora {name} failed: {str(error)[:200]}") from None
            with self._naming:
                self._adapters[name] = made

    def unload(self, name: str) -> None:
        """Take an adapter away; requests that came before are still answered by it.

        Raises:
            UsageError: there is none of that name.
        """
        with self._naming:
            if name not in self._adapters:
                raise UsageError(f"The lora adapter '{name}' cannot be found.")
            going = self._adapters.pop(name)
            going.gone = True
        self._forget(going)

    def score(self, name: str, prompt: Sequence[int], answers: Sequence[Sequence[int]], top: int) -> list[Scored]:
        """Score answers by the model of this name. Raises UsageError where there is none."""
        with self._held(name) as adapter, self._using(adapter) as model:
            return score(self.base, prompt, answers, top=top, model=model)

    def write(self, name: str, prompt: Sequence[int], most: int, top: int) -> tuple[Scored, bool]:
        """What the model says by itself, the likeliest token each time, and whether it came to its end.

        Raises:
            UsageError: there is no model of this name.
        """
        torch = library("torch")
        with self._held(name) as adapter, self._using(adapter) as model, torch.no_grad():
            ids, cache, said = list(prompt), None, Scored([], [], [])
            while len(said.tokens) < most:
                seen = model(input_ids=torch.tensor([ids], device=self.base.device), cache=cache,
                             use_cache=True, logits_to_keep=1)  # fmt: skip
                places = torch.log_softmax(seen.logits[0, -1].float(), -1)
                token = int(places.argmax())
                if token == self.base.end:
                    return said, True
                values, likeliest = places.topk(max(top, 1))
                said.tokens.append(token)
                said.logprobs.append(float(places[token]))
                said.top.append(list(zip(likeliest.tolist(), values.tolist(), strict=True))[:top])
                ids, cache = [token], seen.cache
            return said, False

    def check(self, name: str) -> None:
        """Raises UsageError where there is no model of this name."""
        with self._held(name):
            pass

    @contextmanager
    def _held(self, name: str) -> Iterator[_Adapter | None]:
        with self._naming:
            adapter = self._adapters.get(name)
            if adapter is None and name != self.name:
                raise UsageError(f"The model `{name}` does not exist.")
            if adapter is not None:
                adapter.users += 1
        try:
            yield adapter
        finally:
            if adapter is not None:
                with self._naming:
                    adapter.users -= 1
                self._forget(adapter)

    @contextmanager
    def _using(self, adapter: _Adapter | None) -> Iterator[Any]:
        with self._computing:
            if self._adapted is None:
                yield self.base.model
            elif adapter is None:
                with self._adapted.disable_adapter():
                    yield self._adapted
            else:
                self._adapted.set_adapter(adapter.key)
                yield self._adapted

    def _forget(self, adapter: _Adapter) -> None:
        """Free an adapter's memory once it is gone and nobody uses it."""
        with self._computing:
            with self._naming:
                if not adapter.gone or adapter.users or not adapter.key:
                    return
                key, adapter.key = adapter.key, ""
            self._drop(key)

    def _attach(self, key: str, path: str) -> None:
        peft = library("peft")
        with without_foresight():
            if self._adapted is None:
                config = peft.PeftConfig.from_pretrained(path)
                self._adapted = peft.PeftModelForCausalLM(self.base.model, config, adapter_name=key)
            found = self._adapted.load_adapter(path, adapter_name=key)
        self._adapted.eval()
        if found.missing_keys:
            raise ValueError(f"{len(found.missing_keys)} of its weights are missing")

    def _drop(self, key: str) -> None:
        """Take an adapter's weights out of the model; with the last one the model is the plain base again."""
        others = [each for each in (self._adapted.peft_config if self._adapted is not None else ()) if each != key]
        if others:
            self._adapted.set_adapter(others[0])
            if key in self._adapted.peft_config:
                self._adapted.delete_adapter(key)
        elif self._adapted is not None:
            self._adapted.unload()
            self._adapted = None
