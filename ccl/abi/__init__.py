"""The interface of modules and hosts: calls, layouts, sections, limits, fuel. A leaf."""
