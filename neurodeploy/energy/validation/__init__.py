"""Published measurements with the work behind them, and what the shipped profiles predict for them.

A case is one TOML file, `cases/<name>.toml` or the user's own:

    title = "..."                      what was measured
    kind = "band"                      band, interval, bound or rate: what is said of it (`case.KINDS`)
    band = [0.75, 1.25]                least and greatest predicted / measured; kind `band` only, others never pass
    quantity = "dynamic"               dynamic or total energy, or power
    unit = "mJ"        boundary = "chip"       (core, chip or board: what the measured value encloses)
    source = "..."     tag = "S"               of the measured values; tags as in a profile
    workload_source = "..."            workload_tag = "R"      of the work
    caveats = ["..."]                  what a reader must know
    [slope]                            of = "...", x = [...], y = [...]: the measured value is the slope of their line
    [[point]]                          name, profile, measured (in `unit`), steps; optionally duration_s, clock_mhz,
                                       judged = false (shown only), rate = 0 or 1 (kind `rate` only)
    [point.totals]                     optionally a kind of work = its amount in the source: the rows must add up to it
    [[point.node]]                     name, neurons, and kinds of work = amount or [stored, non-zero weights]

The kinds of work are those of `profile.quantity.WORK`. The work is priced by `energy.price`, like any network's.
"""

from neurodeploy.energy.validation.case import Case, Point
from neurodeploy.energy.validation.judge import Found, Judged, implied_rates, judge, naive_profile
from neurodeploy.energy.validation.reader import read_case, shipped_cases
from neurodeploy.energy.validation.report import as_dict, table

__all__ = [
    "Case",
    "Found",
    "Judged",
    "Point",
    "as_dict",
    "implied_rates",
    "judge",
    "naive_profile",
    "read_case",
    "shipped_cases",
    "table",
]
