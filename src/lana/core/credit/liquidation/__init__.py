"""Collateral sold."""
