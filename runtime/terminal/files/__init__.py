"""Files that commands write, full disks, and dangling links."""
