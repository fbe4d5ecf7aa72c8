"""The ports of the core, as small Protocols: rows, blocks, outbox, work. Adapters hold no rules."""
