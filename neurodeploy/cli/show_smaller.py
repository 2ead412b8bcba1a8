"""What a person sees of a network that was made smaller: before and after."""

from __future__ import annotations

from neurodeploy.cli.show import Result, _table

ROWS = {
    "before": "the given run",
    "rounded": "its weights, rounded",
    "pruned": "without the neurons",
    "after": "fine-tuned",
}


def compress(result: Result) -> None:
    """What was measured and chosen, then the table of before and after."""
    measured = result["sensitivity"]
    print(f"the given weights, rounded, on {measured['recordings']}:")
    print("divergence of the answers in nats, from those in 8 bits at the run's own timesteps")
    columns = ("divergence", "loss", "accuracy")
    steps = [(f"{count} timesteps", *_effect(effect)) for count, effect in measured["timesteps"].items()]
    _table(("8-bit weights", *columns), steps)
    widths = sorted(next(iter(measured["layers"].values())), key=int)
    rows = [(name, *(f"{each[b]['divergence']:.4f}" for b in widths)) for name, each in measured["layers"].items()]
    _table(("divergence with", *(f"{bits} bits" for bits in widths)), rows)
    bits = ", ".join(f"{name} {count}" for name, count in result["weight_bits"].items())
    print(f"chosen: {result['timesteps']} timesteps; bits per weight: {bits}; bit budget {result['bit_budget']:.4g}")
    _costs(result)
    of = result["bit_budget_of"]
    print(f"bit budget: mean of {of['counted']}; not in it: {of['not_counted']}")
    print(f"run: {result['run']}")


def _effect(found: Result) -> tuple[str, ...]:
    return f"{found['divergence']:.4f}", f"{found['loss']:.4f}", f"{found['accuracy']:.1%}"


def prune(result: Result) -> None:
    """What was taken out of each layer and why, then the table of before and after."""
    print(f"activity on {result['calibration']}")
    reasons = ("dead", "hyperactive", "unimportant")
    rows = [(name, *(each[why] for why in reasons), result["left"][name]) for name, each in result["removed"].items()]
    _table(("neurons or channels of", *reasons, "left"), rows)
    for name, where in result["folded"].items():
        print(f"what the hyperactive of {name} gave is {where}")
    for name, why in result["fixed"].items():
        print(f"{name} stays whole: {why}")
    _costs(result)
    print(f"{'run' if result['is_run'] else 'network'}: {result['folder']}")


def _costs(result: Result) -> None:
    """One row for each state of the network, per inference."""
    columns = ("network", "accuracy", "T", "weight bits", "weights", "packed bytes", "neurons", "bit budget")
    rows = [(ROWS[state], *_row(found)) for state, found in result["table"].items()]
    _table((*columns, "S-ACE", "NS-ACE", "synaptic operations"), rows)
    print(f"accuracy and work on: {result['samples']}; S-ACE and NS-ACE in bit operations; estimates, not measurements")


def _row(found: Result) -> tuple[str, ...]:
    bits = sorted(set(found["weight_bits"].values()))
    width = f"{bits[0]}" if len(bits) == 1 else f"{bits[0]} to {bits[-1]}"
    whole = (f"{found[key]:,}" for key in ("weights", "weight_bytes", "neurons"))
    work = (f"{found[key]:,.0f}" for key in ("s_ace", "ns_ace", "synaptic_operations"))
    return f"{found['accuracy']:.2%}", str(found["timesteps"]), width, *whole, f"{found['bit_budget']:.4g}", *work
