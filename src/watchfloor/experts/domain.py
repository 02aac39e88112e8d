"""What an expert knows about, as places among ordinary text: where none is near, it does not answer.

Distances are Mahalanobis to the nearest of a few clusters of its training texts (Lee et al., arXiv 1807.03888), in the
whitened space of the trunk, so that all experts' are measured alike and the router can lay them side by side.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Domain:
    """Clusters: ``centres`` and ``spreads`` ``(clusters, axes)``; ``limit``: the largest distance it answers at."""

    centres: Floats
    spreads: Floats
    limit: float

    def distance(self, places: Floats) -> Floats:
        """Root mean square distance in spreads ``(texts,)`` of places ``(texts, axes)`` to the nearest cluster."""
        gaps = (places[:, None] - self.centres) / self.spreads
        return np.asarray(np.sqrt((gaps**2).mean(-1)).min(1), dtype=np.float32)

    def evidence(self, places: Floats) -> Floats:
        """How much likelier each text is here than among ordinary text ``(texts,)``, in nats an axis."""
        gaps = (places[:, None] - self.centres) / self.spreads
        here = -(gaps**2).mean(-1) / 2 - np.log(self.spreads).mean(-1)
        return np.asarray(here.max(1) + (places**2).mean(-1) / 2, dtype=np.float32)
