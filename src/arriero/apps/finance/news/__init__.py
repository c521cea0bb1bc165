"""What the news say: articles without their duplicates, weighed by relevance and age, or not enough of them."""
