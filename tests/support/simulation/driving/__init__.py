"""What drives one simulated actor: its clocks, machine, fetches and station."""
