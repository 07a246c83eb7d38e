# Everything is set up inside this folder; a machine needs Python >= 3.11 and make.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
ONCE ?=
STORE ?= file
PYTEST ?= -n 4
PYTEST_DOCKER ?= -n 4
STAMP = $(VENV)/.installed

.PHONY: setup demo test test-docker lint docs bench bench-docker clean
.DEFAULT_GOAL = test

setup: $(STAMP)

$(STAMP): pyproject.toml example/requirements.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python >= 3.11 is needed: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable . --group test --group lint \
		--requirement example/requirements.txt
	@touch $@

demo: setup
	$(BIN)/python -m demo --store $(STORE) $(if $(ONCE),--once)

test: setup
	$(BIN)/python -m pytest $(PYTEST)

# The images, built and run: in the engine that `docker info` reaches, or (as root on Debian) in
# one that is set up in .engine/.
test-docker: setup
	$(BIN)/python -m pytest $(PYTEST_DOCKER) tests/docker

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

docs: setup
	$(BIN)/python -m pip install --quiet --group docs
	$(BIN)/mkdocs build --strict --quiet

bench: setup
	$(BIN)/python -m bench.publish

# Larger forms of what test-docker measures.
bench-docker: setup
	$(BIN)/python -m bench.docker_build
	$(BIN)/python -m bench.rollback
	$(BIN)/python -m bench.rolling

clean:
	rm -rf $(VENV) .demo .engine .servers build dist
