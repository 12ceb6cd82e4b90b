"""What runs, checks, grades and publishes the course; the lessons import gadgetlib for everything else."""
