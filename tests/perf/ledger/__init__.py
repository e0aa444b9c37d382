"""How fast the ledger is, beside the Rust crate `cala-ledger` on the same PostgreSQL."""
