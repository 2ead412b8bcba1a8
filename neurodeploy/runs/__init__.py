"""What a trained or imported network did on its recordings, and what is said of that: activity, estimates, reports."""
