"""What was known of a company on a day, from where, and what was not."""
