"""What prices say of the time ahead: volatility, intervals, probabilities, and when nothing may be said."""
