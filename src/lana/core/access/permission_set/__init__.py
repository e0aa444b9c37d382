"""A named set of actions, the unit in which rights are given to roles."""
