"""The prospect: the onboarding file of someone who may become a customer."""
