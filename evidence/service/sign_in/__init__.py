"""How people and programs come in: accounts, passwords, second factors, sessions, tokens."""
