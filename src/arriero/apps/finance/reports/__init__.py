"""What reports say: statements by period, ratios with their sources, scores, a grade."""
