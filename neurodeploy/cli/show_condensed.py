"""What a person sees of a condensed data set."""

from __future__ import annotations

from neurodeploy.cli.show import Result, _table


def distill_data(result: Result) -> None:
    """What was made, what it cost, what it saves, and how to train on it."""
    facts, seconds = result["facts"], result["seconds"]
    count = len(facts["classes"]) * facts["per_class"]
    print(f"{result['condensed']}: {count} items of {facts['source']['recordings']:,} recordings, {facts['method']}")
    rows = [("items per class", facts["per_class"]), ("timesteps", facts["timesteps"])]
    rows += [("counts", f"0..{facts['levels']}"), ("seconds of pretraining", f"{seconds['pretraining']:.1f}")]
    rows += [("seconds of matching", f"{seconds['matching']:.1f}")]
    rows += [(name.replace("_", " "), f"{value:,.4g}") for name, value in result["ratios"].items()]
    rows += [(f"{name}, first and last", f"{v['first']:.4g}, {v['last']:.4g}") for name, v in result["terms"].items()]
    _table(("condensed", facts["source"]["dataset"]), rows)
    print(f"train on it: neurodeploy train dataset={result['condensed']} {' '.join(result['train'])}")
