"""`lana-cli`: one file per command."""
