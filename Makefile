# The commands of the project. `make help` lists them; `make run` and `make test` need nothing but Swift.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup check-flat check-jets check-plan jet-table build run examples test quick bench bench-page bench-smoke format lint sanitize fuzz crash-test kill-test reliability docs coverage install clean

# How long each fuzz target runs.
SECONDS ?= 60
# How many crash points each crash test visits.
N ?= 20000
# How many times the usual number of cases `make check-flat`, `make check-jets` and `make check-plan` run.
SCALE ?= 50
# Where `make install` puts things.
PREFIX ?= /usr/local
# What `make bench` measures (a part of a benchmark's name) and further options of the harness.
ONLY ?=
BENCH ?=

SOURCES := Package.swift Sources Tests $(wildcard Benchmarks Examples FuzzTesting)

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

setup: ## check the toolchain, install missing Debian packages
	@scripts/setup

build: setup ## build the command in release mode, all libraries inside where that is possible: it starts four times as fast
	@scripts/build

run: build ## build everything that is needed and take the tour
	@scripts/tour
	@scripts/demonstrate

examples: build ## build the example programs and run the commands of every document
	@for name in $$(sed -n 's/.*"\([a-z-]*\)", folder: .*/\1/p' Package.swift); do \
	  swift build -c release --product example-$$name || exit 1; done
	@scripts/tour --quiet $$(grep -l '^```console' README.md $$(find Documentation Examples -name '*.md') | sort)

test: setup ## run every test, in debug and in release mode
	@scripts/test debug release

quick: setup ## run every test in debug mode only
	@scripts/test debug

# The command is measured too, as it is shipped.
bench: build ## measure; ONLY=name picks, BENCH='--json FILE' adds options
	@swift build -c release --product strata-bench
	@.build/release/strata-bench $(if $(ONLY),--only '$(ONLY)') $(BENCH)

bench-page: build ## measure everything and write Documentation/benchmarks with its charts
	@swift build -c release --product strata-bench
	@mkdir -p Documentation/benchmarks
	@.build/release/strata-bench $(if $(ONLY),--only '$(ONLY)') --page Documentation/benchmarks $(BENCH)

bench-smoke: build ## run every benchmark once, on small inputs
	@swift build -c release --product strata-bench
	@.build/release/strata-bench --smoke $(BENCH)

format: ## format the sources in place
	@swift format -i -r --parallel --configuration .swift-format $(SOURCES)

lint: ## complain about formatting, without changing anything
	@swift format lint --strict -r --parallel --configuration .swift-format $(SOURCES)
	@for script in scripts/* .ci/run; do case $$script in *.txt) ;; *) bash -n $$script || exit 1 ;; esac; done

check-jets: setup ## hold every jet against its own Nock or another implementation: 100,000 cases each, or 2,000 times SCALE
	@STRATA_TEST_SCALE=$(SCALE) swift test -c release --filter 'JetDifferentialTests|OctetJetsAgainstNockTests|JetReferenceTests'

jet-table: setup ## check the jets as `make check-jets` does, and write Documentation/jets.md; SCALE=50
	@rm -f .build/jet-cases
	@STRATA_TEST_SCALE=$(SCALE) STRATA_JET_CASES=.build/jet-cases swift test -c release --filter 'JetDifferentialTests|OctetJetsAgainstNockTests|JetReferenceTests'
	@STRATA_JET_TABLE=.build/jet-cases swift test -c release --filter JetTableTests/writeTheTable

check-plan: setup ## hold PLAN against its rules written down: 10^6 programs of each front, 10^6 rows of each operation
	@STRATA_TEST_SCALE=$(SCALE) swift test -c release --filter 'generatedProgramsAgree|operationsAgreeWithSchoolbook|generatedProgramsAreTheSame'

check-flat: setup ## hold both evaluators of Flat against each other; SCALE=1700: 10^6 generated functions, 10^6 damaged modules
	@STRATA_TEST_SCALE=$(SCALE) swift test -c release --filter 'evaluatorsAgreeOnGeneratedModules|damagedModulesEndCleanly'

sanitize: setup ## run every test under the address, thread and undefined-behaviour sanitizers
	@scripts/test address thread undefined

fuzz: setup ## fuzz each decoder under the address sanitizer; SECONDS=60 each, ONLY=target
	@scripts/fuzz $(SECONDS) $(ONLY)

crash-test: setup ## crash the store and the log at N=20000 points for each kind of workload; prints seeds
	@SWIFT_BACKTRACE=enable=no STRATA_CRASH_POINTS=$(N) swift test -c release --filter 'CrashTests'

kill-test: build ## kill a busy pier's process N=1000 times, and check that nothing acknowledged is lost
	@scripts/kill-test $(if $(filter-out file,$(origin N)),$(N),1000)

reliability: build ## run crashes, kills, fuzzing and sanitizers at length and write Documentation/reliability.md
	@scripts/reliability

docs: build ## write the reference, the manual page and the shell completions to .build/documentation
	@scripts/docs

coverage: setup ## run every test in debug mode; fail where less than 90 % of a library module's lines run
	@scripts/test coverage
	@scripts/coverage-report

install: build ## install the command, its manual page and completions under PREFIX
	@scripts/install '$(PREFIX)'

clean: ## remove everything that was built
	@rm -rf .build FuzzTesting/.build
