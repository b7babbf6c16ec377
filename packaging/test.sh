#!/usr/bin/env bash
# All tests: formatting, lints, unit tests, documentation, and the promises in tests/suite.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/prerequisites.sh
prerequisites build window tests
say "1 of 3: formatting"
cargo fmt --all --check
say "2 of 3: lints"
cargo clippy --locked --workspace --all-targets --quiet -- --deny warnings
say "3 of 3: tests"
cargo test --locked --workspace --no-fail-fast
