"""The logs: written, published, stamped, witnessed, proved and checked."""
