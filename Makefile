# make demo   環境を作り、規則の文書を調べ、計画の事例を判定する
# make test   すべての検査
# make bench  速さの測定（build/bench.json）
# make clean  作ったものを消す

BIN := .venv/bin

.PHONY: demo test bench clean

demo: .venv/installed
	$(BIN)/jorei check
	@echo
	$(BIN)/jorei replay --show demo

test: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/jorei check
	$(BIN)/jorei fmt --check
	$(BIN)/jorei check --statute | tail -n 5
	$(BIN)/jorei replay --coverage --junit build/scenarios.xml
	$(BIN)/pytest -n 2

bench: .venv/installed-bench
	mkdir -p build
	$(BIN)/jorei bench --json > build/bench.json

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .jorei-cache

.venv/installed: pyproject.toml .ci/install
	.ci/install
	touch $@

.venv/installed-dev: pyproject.toml .ci/install
	.ci/install dev
	touch $@

.venv/installed-bench: pyproject.toml .ci/install
	.ci/install bench
	touch $@
