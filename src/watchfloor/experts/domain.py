"""What an expert knows about, as places in a space that tells kinds of text apart; elsewhere it does not answer.

The space is linear discriminant analysis of kinds of text over the trunk's means (``lab.kinds``). A text's evidence is
how much likelier it is among the expert's own texts than among kinds that are nobody's, each a few Gaussian clusters
(after Lee et al., arXiv 1807.03888), so that all experts are measured alike and the router can lay them side by side.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Domain:
    """Clusters: ``centres`` and ``spreads`` ``(clusters, axes)``; ``limit``: the least evidence it answers at."""

    centres: Floats
    spreads: Floats
    limit: float = -np.inf

    def density(self, places: Floats) -> Floats:
        """Log density of the nearest cluster ``(texts,)`` at places ``(texts, axes)``, in nats an axis."""
        gaps = (places[:, None] - self.centres) / self.spreads
        here = -(gaps**2).mean(-1) / 2 - np.log(self.spreads).mean(-1)
        return np.asarray(here.max(1), dtype=np.float32)

    def evidence(self, places: Floats, nobodys: "Domain") -> Floats:
        """How much likelier each text is here than among what is nobody's ``(texts,)``, in nats an axis."""
        return self.density(places) - nobodys.density(places)
