"""Files that commands write, full disks, and links that lead nowhere."""
