# Works in a fresh clone that has python3 (with venv) and nothing else.
PYTHON ?= python3
BIN := .venv/bin
PIP_INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check --no-compile -c constraints.txt
UV_INSTALL := $(BIN)/uv pip install -q --system-certs --python $(BIN)/python -c constraints.txt
# By uv, in a fifth of pip's time. By pip where uv fails, or where pip has an
# index of its own, which uv does not read.
install = { { ! $(BIN)/python -m pip config list | grep -q '[.]index-url=' \
    && $(PIP_INSTALL) uv && $(UV_INSTALL) $(1); } || $(PIP_INSTALL) $(1); }
# Where it is set, each of the many processes of a test run would compile all
# of TensorFlow and Keras anew, which takes longer than the rest of its start.
unexport PYTHONDONTWRITEBYTECODE
PROJECT_FILES := setup.cfg pyproject.toml constraints.txt

# The tests of a file, or of a model of tests/conformance, share what they make.
# Where a worker dies the run ends with the test's name: pytest-xdist 3.8 would
# start another, and wait for ever.
SPREAD := --dist loadgroup --no-loadscope-reorder --max-worker-restart 0

.PHONY: test slow soak bench demo quality gallery goldens docs lint format wheel \
  audit next clean

test: .venv/.dev
	@$(BIN)/python -m pytest -q -n 2 $(SPREAD) -m "not slow"

# Names them first; a release needs them.
slow: .venv/.dev
	@$(BIN)/python -m pytest -q -m slow --collect-only
	@$(BIN)/python -m pytest -q -n 2 $(SPREAD) -m slow
	@$(BIN)/python benchmarks/search_kills.py --kills 20 --workers 2 --trials 160
	@$(MAKE) audit

# Known advisories about what is installed here. A release needs an answer.
audit: .venv/.release
	@$(BIN)/python release/advisories.py

# Kills, full disks, damage, long trainings: an hour at most. Then mutated files
# and requests, and 64 clients: more than an hour.
soak: .venv/.dev
	@$(BIN)/python benchmarks/soak
	@$(BIN)/python benchmarks/soak_fuzz.py
	@$(BIN)/python benchmarks/soak_load.py

# The speed scoreboard, hours of two processors; then what a run adds to `fit`.
bench: .venv/.dev
	@$(BIN)/python benchmarks/speed.py
	@$(BIN)/python benchmarks/run_cost.py
	@$(BIN)/python benchmarks/batch_check.py

demo: .venv/.base
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh examples/demo.sh

quality: .venv/.dev
	@$(BIN)/python benchmarks/quality.py
	@$(BIN)/python benchmarks/defaults.py
	@$(BIN)/python benchmarks/modes.py --every-loss --seeds 1 --epochs 10
	@$(BIN)/python benchmarks/fashion_gan.py --out build/fashion

# What is not in docs/gallery yet; see benchmarks/gallery.py.
gallery: .venv/.dev
	@$(BIN)/python benchmarks/gallery.py

docs: .venv/.docs
	@$(BIN)/python docs/site/write_settings.py
	@$(BIN)/python -m mkdocs build -q && echo "the site is build/docs/index.html"

# Of the version in setup.cfg, for later ones; FORCE=--force replaces a set.
goldens: .venv/.dev
	@$(BIN)/python tests/goldens/make.py $(FORCE)

lint: .venv/.dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: .venv/.dev
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

# Beside them what an installation holds, as CycloneDX.
wheel: .venv/.release
	@$(BIN)/python -m build --no-isolation
	@$(BIN)/python release/bill_of_materials.py dist

# TensorFlow and Keras of tomorrow, in an environment of their own.
next:
	@$(PYTHON) -m venv build/next
	@build/next/bin/python -m pip install -qq --no-compile -c constraints.txt -e '.[dev]'
	@build/next/bin/python -m pip uninstall -qq -y keras
	@build/next/bin/python -m pip install -qq --no-compile --no-deps --pre --upgrade tensorflow keras-nightly
	@build/next/bin/python release/next_releases.py

clean:
	rm -rf build demo dist *.egg-info .coverage .pytest_cache .ruff_cache

.venv/.base: $(PROJECT_FILES)
	@echo "Installing tfgen into .venv (a minute or two the first time)"
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv .venv
	@$(call install,-e .) && touch $@

.venv/.dev: $(PROJECT_FILES)
	@echo "Installing tfgen and its development tools into .venv"
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv .venv
	@$(call install,-e '.[dev]') && touch .venv/.base $@

.venv/.docs: .venv/.base
	@echo "Installing what makes the site into .venv"
	@$(call install,-e '.[docs]') && touch $@

.venv/.release: .venv/.dev
	@echo "Installing what releases are checked with into .venv"
	@$(call install,-e '.[release]') && touch $@
