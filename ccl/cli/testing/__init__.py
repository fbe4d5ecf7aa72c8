"""`ccl test`: compilation of the tests of files, a rehearsal of each, and reports."""
