"""How long recordings are kept, and how they are destroyed."""
