"""Everything `make up` does: fetch, start, watch and stop the parts of one bank on this machine."""
