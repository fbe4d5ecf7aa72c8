"""What may be wrong in a simulation: the kinds of fault, and dishonest conduct."""
