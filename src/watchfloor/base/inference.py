"""ONNX Runtime, told before it starts to send nothing to anybody.

Its official builds report to Microsoft unless the environment says otherwise (1.31, ``Privacy.md``), and keep an
identifier of the device in the user's cache. Nothing leaves a customer's site: so nobody imports it but this module.
"""

import os
from typing import Any, Final

#: Read when the library is loaded; from then on no event is made, no identifier written, no thread sends.
_SILENT: Final = "ORT_DISABLE_TELEMETRY"


def runtime() -> Any:
    """The library ``onnxruntime``. Loading it costs 0.2 s: only those pay who ask a model."""
    os.putenv(_SILENT, "1")  # set for the library alone: the environment is read by the settings only
    import onnxruntime

    # a program that loaded it before us has begun to report: this ends what can be ended
    onnxruntime.disable_telemetry_events()
    return onnxruntime
