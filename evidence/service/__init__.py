"""What people do: who may, what happens, in which transaction, what is logged."""
