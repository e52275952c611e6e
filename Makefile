# make serve      set up, start the web application, print its address
# make test       set up, then everything that must hold: style, types, tests
# make demo       colorize the sample photographs on the command line
# make evaluate   measure the colours against true ones: make evaluate PHOTOS="folder shard.tar"
# make bench      measure time and memory beside a textbook pipeline (docs/performance.md)
# make lint       style and types only
# make format     put the code into its style
# make audit      known weaknesses of the dependencies (needs the network) and of the code
# make nightly    what takes too long for every change: a soak, ten minutes of damaged files, the
#                 container: make nightly ODD=folder_of_odd_files BASE_IMAGE=python:3.12-slim-bookworm
# make licences   licences of all dependencies, into docs/licences.md
# make clean      remove what these commands made

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
SOURCES := $(shell find app colorizer weights templates static samples -type f ! -name '*.py[co]')
PHOTOS ?=
ODD ?=
BASE_IMAGE ?=
ARGS ?=

.PHONY: serve demo test programs lint format evaluate bench audit nightly licences clean
.DELETE_ON_ERROR:

serve: $(VENV)/.installed
	@exec $(BIN)/colorizer serve $(ARGS)

demo: $(VENV)/.installed
	$(BIN)/colorizer colorize samples/*.jpg -o demo-output --overwrite
	@echo "The colorized sample photographs are in $(CURDIR)/demo-output"

# Two at a time, as much waits for servers and browsers. Threads that wait for others sleep: they
# would keep the processors from those that work.
test: $(VENV)/.ready
	@$(MAKE) --no-print-directory -j2 lint programs
	OMP_WAIT_POLICY=passive $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

programs:
	@scripts/setup-tests.sh

lint: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

evaluate: $(VENV)/.installed
	@test -n "$(PHOTOS)" || { echo 'Say which: make evaluate PHOTOS="folder shard.tar"'; exit 2; }
	$(BIN)/colorizer evaluate $(PHOTOS) $(ARGS)

bench: $(VENV)/.installed
	$(BIN)/python benchmarks/pipeline.py -o docs/performance.json $(ARGS)
	$(BIN)/python scripts/fill_tables.py

audit: $(VENV)/.audit
	$(BIN)/bandit --quiet --recursive app colorizer scripts -c pyproject.toml
	$(PIP) freeze --exclude colorizer | sed 's/+[a-z0-9.]*$$//' > $(VENV)/audit.txt
	$(BIN)/pip-audit --strict --disable-pip --no-deps --requirement $(VENV)/audit.txt $(ARGS)

nightly: $(VENV)/.ready
	$(BIN)/python benchmarks/soak.py $(if $(ODD),--odd "$(ODD)") -o nightly/soak.json
	$(BIN)/python scripts/fuzz_reading.py --minutes 10 -o nightly/findings $(if $(ODD),"$(ODD)")
	scripts/check-container.sh $(BASE_IMAGE)

licences: $(VENV)/.audit
	$(BIN)/python scripts/licences.py > docs/licences.md

$(VENV)/.audit: $(VENV)/.ready
	$(PIP) install --quiet '.[audit]'
	@touch $@

clean:
	rm -rf $(VENV) build dist demo-output nightly .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

# A bare virtual environment with a pip that knows today's packages.
$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'Python 3.11 or later is needed; choose it with: make PYTHON=python3.12'; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo 'The module venv is missing. On Debian or Ubuntu: apt install python3-venv'; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --upgrade pip
	@touch $@

# The project as anybody would install it, with torch: for graphics cards, measuring and training.
$(VENV)/.installed: $(VENV)/.created pyproject.toml $(SOURCES)
	$(PIP) install --quiet '.[torch]'
	@touch $@

# The same and what its development needs. The tests take the library from the working tree.
$(VENV)/.ready: $(VENV)/.created pyproject.toml
	$(PIP) install --quiet '.[dev]'
	@touch $@
