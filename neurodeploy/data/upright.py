"""DVS128 recordings of pictures on a screen, turned upright."""

from __future__ import annotations

from neurodeploy.data.events import EventStream

_LAST = 127


def upright(stream: EventStream) -> EventStream:
    """The events of a 128x128 camera with column 127 - y and row 127 - x, the time from the first event.

    Source: MNIST-DVS pictures drawn this way stand upright (checked by eye on 70 recordings); SpikingJelly turns
    CIFAR10-DVS, which was recorded after the manner of MNIST-DVS, in the same way.
    """
    events = stream.events.copy()
    events["x"], events["y"] = _LAST - stream.events["y"], _LAST - stream.events["x"]
    events["t"] -= events["t"][0]
    return EventStream(events, stream.sensor, stream.source)
