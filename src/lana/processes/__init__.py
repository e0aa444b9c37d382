"""What reacts across domains: event processors and the end of the day."""
