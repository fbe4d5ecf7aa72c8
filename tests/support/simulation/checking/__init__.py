"""What must hold in a simulation, whatever is wrong."""
