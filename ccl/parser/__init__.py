"""From text to tree: lexer, grammar driver with recovery, tree building."""
