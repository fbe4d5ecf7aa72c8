"""The simulation of a mesh: the actors that ship, over simulated networks, clocks, machines and
disks, by a seed."""
