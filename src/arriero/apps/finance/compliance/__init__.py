"""The gate: what a publication has to be, by rules of a registrant's profile, before anybody reads it."""
