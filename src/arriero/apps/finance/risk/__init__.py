"""What may be lost: value at risk, volatility, drawdown, liquidity, shocks, and one level by a published table."""
