"""The models of an OpenAI-compatible server: list them, load and unload LoRA adapters, swap one under load.

The addresses are vLLM's (``/v1/load_lora_adapter``; the server runs with ``VLLM_ALLOW_RUNTIME_LORA_UPDATING=True``).
An adapter's path is a path on the server's machine.
"""

import hashlib
import time
from pathlib import Path
from typing import Final

from watchfloor.base.errors import PackError, UsageError, WatchfloorError
from watchfloor.experts.endpoint import EndpointExpert
from watchfloor.experts.endpoint_errors import (
    AnswerError,
    DeclinedError,
    UnansweredError,
    UnknownModelError,
    UnreachableError,
)
from watchfloor.experts.endpoint_wire import Patience, Wire

#: Letters of a hash that tell one version of an adapter from another.
_LETTERS: Final = 8
_ADAPTER_FILES: Final = ("adapter_config.json", "adapter_model.safetensors")


def adapter_sha256(folder: Path) -> str:
    """One hash over the files of a LoRA adapter's folder.

    Raises:
        PackError: it is no folder of an adapter in safetensors form.
    """
    digest = hashlib.sha256()
    for name in _ADAPTER_FILES:
        try:
            content = (folder / name).read_bytes()
        except OSError:
            raise PackError(f"{folder} is no LoRA adapter: {name} cannot be read.") from None
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def versioned(name: str, folder: Path) -> str:
    """The name of this version of an adapter, such as ``command@3f2a9c1b``: same name, same files.

    Raises:
        PackError: it is no folder of an adapter.
    """
    return f"{name}@{adapter_sha256(folder)[:_LETTERS]}"


class ModelServer:
    """One server, as the one who runs it sees it. Loading may take as long as ``timeout_s``, seconds."""

    def __init__(self, url: str, *, api_key: str = "", timeout_s: float = 120.0) -> None:
        self._wire = Wire(url, api_key=api_key, patience=Patience(timeout_s, retries=2), connections=2)
        self.url = self._wire.url

    def __enter__(self) -> "ModelServer":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    def models(self) -> list[str]:
        """Names of the models that can be asked, adapters among them.

        Raises:
            UnreachableError, UnauthorisedError: as they say.
        """
        return [name for name, _ in self._listed()]

    def adapters(self) -> list[str]:
        """Names of the LoRA adapters among them. Raises as ``models`` does."""
        return [name for name, parent in self._listed() if parent]

    def _listed(self) -> list[tuple[str, str]]:
        """Each model's name, and the base it is an adapter of."""
        try:
            data = self._wire.get("models").get("data")
        except AnswerError:
            data = None
        if not isinstance(data, list):
            raise UnreachableError(f"{self.url} lists no models.", hint="The address usually ends in /v1.")
        named = [each for each in data if isinstance(each, dict) and isinstance(each.get("id"), str)]
        return [(each["id"], str(each.get("parent") or "")) for each in named]

    def load_lora(self, name: str, path: str) -> None:
        """Load an adapter under a name; one that is loaded under it already is left as it is.

        Raises:
            UsageError: the server cannot load it, or may not; it says why.
            UnreachableError, UnauthorisedError: as they say.
        """
        self._change("load_lora_adapter", {"lora_name": name, "lora_path": path}, name, there=True)

    def unload_lora(self, name: str) -> None:
        """Unload an adapter; one that is not there is fine.

        Raises:
            UsageError: the server may not; it says why.
            UnreachableError, UnauthorisedError: as they say.
        """
        self._change("unload_lora_adapter", {"lora_name": name}, name, there=False)

    def _change(self, path: str, body: dict[str, str], name: str, *, there: bool) -> None:
        if (name in self.models()) == there:
            return
        try:
            # Asked once only: a second try would be refused for what the first one did.
            self._wire.send("POST", path, body, retries=0)
        except (AnswerError, DeclinedError, UnknownModelError, UnreachableError) as error:
            if (name in self.models()) == there:  # another did it, or the answer was lost
                return
            if isinstance(error, DeclinedError | UnknownModelError):
                raise UsageError(error.message, hint="See the server's log, and docs/endpoint-experts.md.") from None
            if isinstance(error, UnreachableError) and not isinstance(error, UnansweredError):
                raise UsageError(
                    f"{self.url} loads and unloads no adapters at run time.",
                    hint="Start vLLM with --enable-lora and VLLM_ALLOW_RUNTIME_LORA_UPDATING=True.",
                ) from None
            raise


def swap(expert: EndpointExpert, server: ModelServer, name: str, path: str, *, drain_s: float = 60.0) -> str:
    """Put a new version in the place of the one an expert asks, while it is being asked; the old one's name.

    Load, look that it is there, switch, wait for what the old one still answers, unload it. No request is dropped,
    and each is answered by the version it began with. Experts of other processes are not waited for.

    Raises:
        UsageError: the new version cannot be loaded; nothing has changed then.
        WatchfloorError: the old one is still answering after ``drain_s`` seconds; it stays loaded beside the new.
    """
    server.load_lora(name, path)
    listed_by = time.monotonic() + drain_s
    while name not in server.models():
        if time.monotonic() > listed_by:
            raise UnknownModelError(f"{server.url} took {name} and does not list it.", hint="See the server's log.")
        time.sleep(0.1)
    old = expert.point_to(name)
    if old == name:
        return old
    if not expert.drain(old, timeout_s=drain_s):
        raise WatchfloorError(f"{old} is still answering after {drain_s:g} s; {name} has taken over beside it.",
                              hint=f"Unload {old} once it is done.")  # fmt: skip
    if old in server.adapters():
        server.unload_lora(old)
    return old
