"""Which tracer the settings choose."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mangaobs.runtime._telemetry import Telemetry
    from mangaobs.runtime.tracer import Tracer


def make_tracer(telemetry: Telemetry) -> Tracer:
    """The tracer of `settings.tracer`; the lean one if the X-Ray SDK was to be used and cannot be loaded."""
    if telemetry.settings.tracer == "xray-sdk":
        try:
            from mangaobs.runtime._sdk import SdkTracer

            sdk: Tracer = SdkTracer(telemetry)  # type: ignore[assignment]
        except Exception as error:  # noqa: BLE001 - missing, or it fails at its own import
            telemetry.problem("tracer", f"aws_xray_sdk: {type(error).__name__}; the lean tracer is used")
        else:
            return sdk
    from mangaobs.runtime._udp import UdpTracer

    lean: Tracer = UdpTracer(telemetry)  # type: ignore[assignment]
    return lean
