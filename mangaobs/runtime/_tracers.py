"""Which tracer the settings choose."""

from __future__ import annotations

from mangaobs.runtime._facts import type_name
from mangaobs.runtime._interruption import is_interruption

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mangaobs.runtime._telemetry import Telemetry
    from mangaobs.runtime.tracer import Tracer


def make_tracer(telemetry: Telemetry, choice: str) -> Tracer:
    """The tracer of this name; the lean one if the X-Ray SDK was to be used and cannot be loaded."""
    if choice == "xray-sdk":
        try:
            from mangaobs.runtime._sdk import SdkTracer

            return SdkTracer(telemetry)
        except Exception as error:
            # Missing, or it fails at its own import.
            if is_interruption(error):
                raise
            telemetry.problem("tracer", f"aws_xray_sdk: {type_name(error)}; the lean tracer is used")
    from mangaobs.runtime._udp import UdpTracer

    return UdpTracer(telemetry)
