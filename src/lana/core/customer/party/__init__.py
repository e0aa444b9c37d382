"""The party: how to reach a person or company."""
