"""After the answer: predictions are scored when their horizon is over, counted, and watched for drift."""
