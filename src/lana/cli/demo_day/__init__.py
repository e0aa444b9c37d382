"""The bank's day that `lana-cli demo` plays."""
