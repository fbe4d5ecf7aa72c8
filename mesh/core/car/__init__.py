"""CAR version 1: files of blocks, as other content-addressed systems export them."""
