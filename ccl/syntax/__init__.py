"""The syntax of CCL as data: the grammar with its tables, and the abstract and concrete trees."""
