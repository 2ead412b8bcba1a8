"""Hardware profiles: what one unit of work costs on a chip; every number with unit, scope, kind, source and tag.

A profile is one TOML file, `hw_profiles/<name>.toml` or the user's own:

    title = "..."                  process = "..."              boundary = "core"     (core, chip or board)
    stand_in = false               skips_zero_weights = true    (left out where unknown)
    notes = ["..."]                omits = ["work that is never priced here, and why"]
    [unpriced]                     a kind of work = why it has no price
    [price.<kind of work>]         energy of one unit of that work; the kinds are the keys of `quantity.WORK`
    [power.static|clock|overhead]  power; `clock` is power per frequency
    [timing.step|clock]            time of one timestep; clock frequency
    [limits.<name>] [facts.<name>] what fits; numbers that are stated but not used for prices
    [per_core.<name>]              limits that differ from core to core: `values` instead of `value`
    [placement] [encoding.<name>]  how a network is put on the chip (`rules.py`), and how synapses lie in its memory
    [unknown]                      a limit = why no number is given; every placement names it

Each of those tables but [unpriced], [placement] and [unknown] is a quantity: value, unit, scope, kind, source, tag, and
optionally voltage (V), interval ([low, high]), includes (kinds of work that this number already contains) and note. A
limit has an interval where sources disagree. The kinds of work, units, scopes and tags that exist are listed in
`quantity.py`. A profile may have prices, limits or both.
"""

from neurodeploy.profile.catalogue import check_profile, load_profile, profile_names
from neurodeploy.profile.profile import Profile
from neurodeploy.profile.quantity import Quantity
from neurodeploy.profile.rules import Rules

__all__ = ["Profile", "Quantity", "Rules", "check_profile", "load_profile", "profile_names"]
