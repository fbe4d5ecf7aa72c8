"""The worst-case fuel of exports: of instructions, of library routines, of whole programs."""
