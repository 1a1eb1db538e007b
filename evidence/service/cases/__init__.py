"""Cases: what belongs to them, their steps, documents, check-points and files; complaints."""
