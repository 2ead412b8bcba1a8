"""Hardware profiles: what one unit of work costs on a chip; every number with unit, scope, kind, source and tag.

A profile is one TOML file, `hw_profiles/<name>.toml` or the user's own:

    title = "..."                  process = "..."              boundary = "core"     (core, chip or board)
    stand_in = false               skips_zero_weights = true    (left out where unknown)
    notes = ["..."]                omits = ["work that is never priced here, and why"]
    base = "loihi2"                a shipped profile of the same chip: [limits], [per_core], [placement], [encoding] and
                                   [unknown] are its, and none of them may stand here
    [unpriced]                     a kind of work = why it has no price
    [price.<kind of work>]         energy of one unit of that work; the kinds are the keys of `quantity.WORK`
    [power.static|clock|overhead]  power; `clock` is power per frequency
    [timing.step|clock]            time of one timestep; clock frequency
    [timing.barrier]               time of the synchronisation at the end of a step
    [timing.accumulate|neuron_update|spike]    time of one operation on one core (scope `core`)
    [memory.<level>]               energy of one access; also access_bits (> 0, width of one access) and capacity_bytes
                                   (> 0; only `dram` may leave it out). Names begin with register, sram, flash or dram
    [movement.sparse|dense|dram]   energy of moving one bit one hop
    [ann.int8|fp16|bf16|fp32]      energy of one multiply-accumulate of an ordinary network on this hardware
    [limits.<name>] [facts.<name>] what fits; numbers that are stated but not used for prices
    [per_core.<name>]              limits that differ from core to core: `values` instead of `value`
    [placement] [encoding.<name>]  how a network is put on the chip (`rules.py`), and how synapses lie in its memory
    [unknown]                      a limit = why no number is given; every placement names it

Each of those tables but [unpriced], [placement] and [unknown] is a quantity: value, unit, scope, kind, source, tag, and
optionally voltage (V), interval ([low, high]), includes (kinds of work that this number already contains), note and
at. A limit has an interval where sources disagree. The kinds of work, units, scopes and tags that exist are listed in
`quantity.py`. A profile may have prices, limits or any other of these tables alone.

Scope of an energy: `marginal` (one more event), `arith` (the arithmetic unit alone), `peak` (highest power over highest
rate), `all_in` (everything over the event rate at one operating point) or `unstated` (the source does not say).

- An all-in price holds where it was measured: `at = {rate = <units of work per second>, tolerance = <share, 0 to 1>}`.
  Pricing refuses it at any other rate. Only `price.cycle` goes without: its energy per cycle is one at any load.
- Nothing is added to an all-in price, nor to one whose scope is unstated: no other price, no static or clock power, no
  [memory] and no [movement]. Work that it contains is listed in its `includes`.
"""

from neurodeploy.profile.catalogue import check_profile, load_profile
from neurodeploy.profile.coverage import gaps, holdings
from neurodeploy.profile.memory import MemoryLevel
from neurodeploy.profile.profile import Profile
from neurodeploy.profile.quantity import OperatingPoint, Quantity
from neurodeploy.profile.rules import Rules
from neurodeploy.profile.shipped import profile_names

__all__ = [
    "MemoryLevel",
    "OperatingPoint",
    "Profile",
    "Quantity",
    "Rules",
    "check_profile",
    "gaps",
    "holdings",
    "load_profile",
    "profile_names",
]
