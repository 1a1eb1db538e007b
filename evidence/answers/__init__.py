"""How the site's values stand in answers: the same shape over HTTP and on the command line (--json)."""
