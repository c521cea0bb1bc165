"""An analysis as one HTML page with charts, without scripts and without anything fetched."""
