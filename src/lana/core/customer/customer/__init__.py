"""The customer: a party the bank does business with."""
