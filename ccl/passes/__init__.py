"""Passes over the typed tree, each from one typed program to another."""
