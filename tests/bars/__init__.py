"""The frame around the bars."""
