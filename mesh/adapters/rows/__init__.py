"""What the stores of actors share: tables as columns, layers of changes, turns and deliveries."""
