"""The desk of auditor and administrators: logs, alarms, state of the site."""
