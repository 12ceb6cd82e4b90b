# Two commands: `make course` runs every lesson, `make test` proves that everything works.
# `make help` lists the rest.
SHELL := bash
PYTHON ?= python3.11
PROFILE ?= quick
ONLY ?=
PHOTOS ?=
SET ?=
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: course test quicktest lab bench clean doctor lock data help site slides grade times
.DEFAULT_GOAL := help

help:
	@echo "make course [ONLY=\"03 04\"] [PROFILE=quick|full] [PHOTOS=DIR] [SET=\"03.epochs=5\"]   run the lessons"
	@echo "make test      lints, unit tests, every notebook, every lesson through papermill, the app in a browser"
	@echo "make quicktest lints and unit tests: five minutes, no notebooks"
	@echo "make lab       open JupyterLab"
	@echo "make bench [ONLY=\"vision ocr\"]   measure; writes build/bench.json and build/bench.md"
	@echo "make site      the course as a web site, in build/site; make slides: the slides alone"
	@echo "make grade SUBMISSIONS=DIR [OUT=grades.csv]   grade learners' notebooks"
	@echo "make times     copy the times of the last whole run into the lessons"
	@echo "make data      make the shipped data again (needs data/studio/requirements.txt)"
	@echo "make doctor    check this machine"
	@echo "make lock      renew the locks from pyproject.toml"
	@echo "make clean     remove build/"

# A changed lock or pyproject renews the environment; a broken set-up leaves no stamp and is done again.
$(STAMP): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) was not found; install Python 3.11, or name yours: make PYTHON=python3.12 ..."; exit 1; }
	@echo "Setting up $(VENV) (a few minutes the first time)"
	@rm -f $@
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e .
	@touch $@

course: $(STAMP)
	@$(BIN)/gadget run $(ONLY) --profile "$(PROFILE)" --photos "$(PHOTOS)" $(foreach s,$(SET),--set "$(s)")

test: $(STAMP)
	@tests/run

quicktest: $(STAMP)
	@tests/run quick

lab: $(STAMP)
	@$(BIN)/jupyter lab notebooks

doctor: $(STAMP)
	@$(BIN)/gadget doctor

$(VENV)/.installed-bench: requirements-bench.lock $(STAMP)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements-bench.lock
	@touch $@

bench: $(VENV)/.installed-bench
	@$(BIN)/python -m bench $(ONLY)

$(VENV)/.installed-site: requirements-site.lock $(STAMP)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements-site.lock
	@touch $@

site: $(VENV)/.installed-site
	@$(BIN)/python -m coursekit.site

slides: $(VENV)/.installed-site
	@$(BIN)/python -m coursekit.slides

SUBMISSIONS ?= submissions
OUT ?= grades.csv
grade: $(STAMP)
	@$(BIN)/gadget grade "$(SUBMISSIONS)" --out "$(OUT)"

times: $(STAMP)
	@$(BIN)/python -m coursekit.author times

lock: $(STAMP)
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url \
		--extra test pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url \
		--extra test --extra bench -c requirements.lock pyproject.toml -o requirements-bench.lock
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url \
		--extra test --extra site -c requirements.lock pyproject.toml -o requirements-site.lock

data:
	@data/studio/make_all

clean:
	@rm -rf build
