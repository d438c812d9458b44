# Each target does its own set-up. PYTHON= chooses the interpreter (3.11 or newer).
PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?=
HEADLESS ?=
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help setup lab grade build test agreement bench images clean

help:           ## list the targets
	@grep -E '^[a-z]+: .*##' Makefile | sed -E 's/:.*## */\t/' | expand -t 12

setup: .venv/ready-instructor  ## make .venv from constraints.txt

.venv/ready-%: pyproject.toml constraints.txt
	@PYTHON="$(PYTHON)" tools/setup.sh $*

lab: .venv/ready-lab  ## open JupyterLab on your copy of the lessons in work/; PORT=9000 HEADLESS=1
	@$(BIN)/fasttrack lab $(if $(PORT),--port $(PORT)) $(if $(HEADLESS),--no-browser)

grade: .venv/ready-instructor  ## grade autograder/submitted/; without submissions, a small simulated class
	@tools/system-packages.sh bubblewrap
	@test -n "$$(ls autograder/submitted/*/*/*.ipynb 2>/dev/null)" || $(BIN)/autograder simulate
	@$(BIN)/autograder grade

build: .venv/ready-instructor  ## build notebooks/ and solutions/*.ipynb from solutions/*.py
	@$(BIN)/autograder build

test: .venv/ready-test  ## everything CI runs
	tools/system-packages.sh bubblewrap chromium postgresql
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/autograder build --check
	OMP_WAIT_POLICY=PASSIVE $(BIN)/pytest -n 2 --dist loadfile --nbval-lax --nbval-cell-timeout 600 -p no:cacheprovider -q solutions
	$(BIN)/pytest -n 2 --dist loadgroup --durations 12 tests

agreement: .venv/ready-test  ## every answer of every lesson: direct, judged and stock nbgrader's scores, minutes each
	tools/system-packages.sh bubblewrap
	FASTTRACK_NBGRADER=1 $(BIN)/pytest -n 2 --dist loadgroup -v tests/grading/test_agreement_with_nbgrader.py

bench: .venv/ready-instructor  ## grading beside stock nbgrader, training beside transformers: ratios from one run each
	@$(BIN)/python benchmarks/grading.py
	@$(BIN)/python benchmarks/gpt.py

images: .venv/ready-test  ## take the README's pictures again into docs/images/
	tools/system-packages.sh bubblewrap chromium
	FASTTRACK_IMAGES=1 $(BIN)/pytest -q tests/browser

clean:          ## remove .venv and caches; your work/ and the gradebook stay
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist test-artifacts
