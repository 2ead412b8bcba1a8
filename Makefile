PYTHON ?= python3
LAVA_PYTHON ?= $(PYTHON)
BIN := .venv/bin

.PHONY: demo test check lava peers counters

# Everything below needs only Python >= 3.11 and make; the first call builds .venv.
.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet -c constraints.txt -e '.[dev]'
	touch $@

demo: .venv/installed  ## train, export, verify and report on the embedded event data
	$(BIN)/python examples/demo/run.py

test: .venv/installed  ## the whole test suite
	$(BIN)/python -m pytest

check: .venv/installed  ## format, lint, types and tests: what CI runs
	$(BIN)/python tests/check.py

# Lava is archived and wants its own environment (numpy 1); it is started as a process and never imported.
.venv-lava/installed: constraints-lava.txt
	$(LAVA_PYTHON) -m venv .venv-lava
	.venv-lava/bin/pip install --quiet --no-deps --ignore-requires-python -r constraints-lava.txt
	touch $@

lava: .venv-lava/installed  ## the real Lava simulator, for `neurodeploy verify` of Loihi files

# Only the tests that compare with other frameworks need them; without, those tests skip and say so.
.venv/peers: .venv/installed constraints-peers.txt
	$(BIN)/pip install --quiet --no-deps -r constraints-peers.txt
	touch $@

peers: .venv/peers  ## snnTorch, Norse and SpikingJelly, to import their networks and to compare with them

# Counters are run as a process, so that none of them can change what the tests import.
.venv-counters/installed: constraints.txt constraints-counters.txt
	$(PYTHON) -m venv .venv-counters
	.venv-counters/bin/pip install --quiet -c constraints.txt h5py matplotlib networkx numpy torch typing_extensions
	.venv-counters/bin/pip install --quiet --no-deps -r constraints-counters.txt
	touch $@

counters: .venv-counters/installed  ## NeuroBench, SpikingJelly, sinabs and syops, to compare their counts with ours
