"""How fast lending is: the end of a day, a tick, payments, a facility's page, the portfolio at other prices."""
