"""The charter: sections, conditions, ranges and schemas, read and settled."""
