"""The supervisor's desk: what is missing, late or unexplained; reviews, complaints, faults, samples."""
