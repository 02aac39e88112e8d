"""The port through which any floor turns texts into vectors; who computes them is the roof's choice."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt


class TextEncoder(Protocol):
    """Texts in, vectors of length one out; the experts' backbone is one."""

    @property
    def version(self) -> str:
        """Names the weights: vectors of different versions are never compared."""
        ...

    def vectors(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Vectors of length one, ``(texts, width)``; the width is the same at every call."""
        ...
