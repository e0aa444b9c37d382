"""Lana: a core bank for Bitcoin-backed lending."""
