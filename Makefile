# Beatwatch. Every target first installs what is missing, and is quick when nothing is.
.PHONY: setup check test
setup:
	uv sync --frozen --quiet
	.venv/bin/python -m api.assets

check: setup
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

test: setup
	.venv/bin/pytest
