# make demo   環境を作り、規則の文書を調べ、計画の事例を判定し、サービスと、家族の転入の実演を動かす
# make test   すべての検査
# make search 性質の試験を、毎回新しい例で探す（make test の例はいつも同じ）
# make bench  速さの測定（判定とサービスは build/bench.json、保管・連携の層は build/linkage.json）
# make clean  作ったものを消す

BIN := .venv/bin

.PHONY: demo test search bench clean

demo: .venv/installed
	$(BIN)/jorei check
	@echo
	$(BIN)/jorei replay --show demo
	$(BIN)/python -m demo.service
	$(BIN)/python -m demo.story

test: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/jorei check
	$(BIN)/jorei fmt --check
	$(BIN)/jorei check --statute | tail -n 5
	$(BIN)/jorei replay --coverage --junit build/scenarios.xml
	$(BIN)/pytest -n 2 --dist worksteal

search: .venv/installed-dev
	$(BIN)/pytest -n 2 --dist worksteal -m hypothesis --hypothesis-profile search

bench: .venv/installed-bench
	mkdir -p build
	$(BIN)/jorei bench --service --json > build/bench.json
	$(BIN)/python -m demo.bench --json build/linkage.json

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
