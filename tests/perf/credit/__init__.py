"""How fast lending is: ends of days, a tick, payments, a facility's page, the portfolio at other prices."""
