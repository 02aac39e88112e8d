"""A causal language model of this machine: a Hugging Face folder or a GGUF file, with tokenizer and chat template.

Nothing is fetched: what is not in the folder or file is an error. ``python -m watchfloor.lab.causal_base FILE.gguf
FOLDER`` unpacks a GGUF file into a folder, which loads in a second instead of half a minute.
"""

import argparse
import importlib
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from watchfloor.base.errors import UsageError
from watchfloor.experts.endpoint_prompt import Messages
from watchfloor.lab.outputs import command, free, whole_folder
from watchfloor.store.packs import sha256_of

#: Files that hold a model's weights, in the order they are looked for.
_WEIGHTS: Final = ("model.safetensors", "model.safetensors.index.json")


def library(name: str) -> Any:
    """A library of the lab, imported when it is first needed.

    Raises:
        UsageError: it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise UsageError(f"causal models need {error.name}, which is not installed.",
                         hint="pip install 'watchfloor[lab]'") from None  # fmt: skip


@contextmanager
def without_foresight() -> Iterator[None]:
    """Without what PEFT's calls make ``transformers`` say of its next major version: both are pinned."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing", category=FutureWarning)
        yield


@dataclass(slots=True)
class Base:
    """One loaded model. ``model`` is a ``transformers`` causal model in ``eval`` mode, on ``device``."""

    model: Any
    tokenizer: Any
    device: str
    path: Path

    def prompt(self, asked: Messages) -> list[int]:
        """Token ids of a chat, up to where the answer begins.

        Raises:
            UsageError: the model has no chat template, or one that does not take such a chat.
        """
        try:
            text = self.tokenizer.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
        except Exception as error:  # templates raise what they like: jinja's errors, TypeError, ValueError
            raise UsageError(f"the chat template of {self.path.name} does not take this chat: {error}.",
                             hint="Use an instruction-tuned model.") from None  # fmt: skip
        return list(self.tokenizer(text, add_special_tokens=False).input_ids)

    def answer(self, text: str) -> list[int]:
        """Token ids of an answer, without what ends it."""
        return list(self.tokenizer(text, add_special_tokens=False).input_ids)

    @property
    def end(self) -> int:
        """The token that ends an answer."""
        return int(self.tokenizer.eos_token_id)

    @property
    def sha256(self) -> str:
        """The hash of the file that holds, or lists, the weights; empty where none is known."""
        files = [self.path, *(self.path / name for name in _WEIGHTS)]
        return next((sha256_of(each) for each in files if each.is_file()), "")


def load(path: Path, *, device: str = "") -> Base:
    """Load a model; on a GPU, in bfloat16, where there is one, else in float32.

    Raises:
        UsageError: it is no model that can be loaded, or a library is missing.
    """
    torch, transformers = library("torch"), library("transformers")
    library("huggingface_hub").constants.HF_HUB_OFFLINE = True
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    where: dict[str, Any] = {"local_files_only": True}
    folder = path
    if path.is_file():
        library("gguf")
        folder, where["gguf_file"] = path.parent, path.name
    elif not (path / "config.json").is_file():
        raise UsageError(f"{path} is no causal model.", hint="Name a Hugging Face folder or a GGUF file.")
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(str(folder), **where)
        model = transformers.AutoModelForCausalLM.from_pretrained(
            str(folder), dtype=torch.bfloat16 if device == "cuda" else torch.float32, **where
        )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise UsageError(f"{path} cannot be loaded as a causal model: {str(error)[:300]}") from None
    if tokenizer.eos_token_id is None:
        raise UsageError(f"{path} has no token that ends an answer.", hint="Use an instruction-tuned model.")
    return Base(model.to(device).eval().requires_grad_(False), tokenizer, device, path)


def unpack(base: Base, folder: Path) -> None:
    """Write a loaded model as a plain folder: a GGUF file's weights as they were unpacked."""
    if hasattr(base.model.config, "quantization_config"):
        # ``transformers`` unpacks GGUF on loading, and still takes the model for a packed one.
        del base.model.config.quantization_config
        base.model.hf_quantizer, base.model.is_quantized = None, False
    base.model.save_pretrained(str(folder))
    base.tokenizer.save_pretrained(str(folder))


def main(argv: list[str] | None = None) -> int:
    """Command line of this module: an exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gguf", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args(argv)
    options.json = ""

    def run(options: argparse.Namespace, say: Any) -> int:
        free(options.out)
        with whole_folder(options.out) as folder:
            unpack(load(options.gguf, device="cpu"), folder)
        say(f"{options.out} holds {options.gguf.name}")
        return 0

    return command(run, options, str(options.out))


if __name__ == "__main__":
    sys.exit(main())
