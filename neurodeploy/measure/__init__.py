"""Energy that this machine uses, measured: RAPL of its processor, NVML of its NVIDIA GPUs; NOT_RUN where unreadable.

    with Meter() as meter:
        work()
    print(meter.result().as_dict())

Nothing here is an estimate, and a meter that could not be read has no number. A meter knows no processes: what others
do at the same time is in its energy. The power at rest, measured before, is subtracted and shown.
"""

from neurodeploy.measure.command import run_command
from neurodeploy.measure.gauge import Gauge, NotRun
from neurodeploy.measure.meter import Meter, find_gauges
from neurodeploy.measure.result import Measurement, Run

__all__ = ["Gauge", "Measurement", "Meter", "NotRun", "Run", "find_gauges", "run_command"]
