"""`ccl test`: compile the tests of files, rehearse each in the sandbox, say what came out."""
