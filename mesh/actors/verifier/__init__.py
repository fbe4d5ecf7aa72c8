"""The verifier: executes again what it is drawn for, and attests what it found."""
