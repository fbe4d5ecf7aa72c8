"""An issuer in its tests, with the records that others send to it."""
