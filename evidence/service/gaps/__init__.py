"""What is missing, late or interrupted: deadlines, the gap report, explanations, exemptions, fault files."""
