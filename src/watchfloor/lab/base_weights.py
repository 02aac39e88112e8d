"""The encoder in torch, out of a backbone pack: what an adapter is learned on is what ships, byte for byte."""

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from watchfloor.experts.backbone import PARTS, Backbone
from watchfloor.lab.encoder import Encoder, Shape


def encoder_of(backbone: Backbone) -> Encoder:
    """The encoder whose weights the pack's graphs hold as bytes and scales."""
    arrays: dict[str, np.ndarray] = {}
    for part in (PARTS.trunk, PARTS.upper):
        graph = onnx.load_from_string(backbone.pack.unpacked(part)).graph
        arrays |= {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    shape = {key: int(value) for key, value in backbone.pack.manifest["shape"].items()}
    encoder = Encoder(Shape(**shape))
    state = {}
    for name in encoder.state_dict():
        value = arrays[name]
        scale = arrays.get(name.removesuffix("weight") + "scale")
        if scale is not None and name.endswith("weight"):
            value = value.astype(np.float32) * scale
        state[name] = torch.from_numpy(np.array(value, dtype=np.float32))
    encoder.load_state_dict(state)
    return encoder.eval()
