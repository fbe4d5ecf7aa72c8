"""Transports: how envelopes and blocks get from one actor to another."""
