"""An analysis in words: templates over computed figures, each sentence with what it rests on."""
