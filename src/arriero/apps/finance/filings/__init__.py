"""Risk factors of annual reports: the item is cut out, its sub-captions found, typed, and compared by year."""
