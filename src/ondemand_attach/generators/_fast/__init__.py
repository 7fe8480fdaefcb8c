"""What makes xhtml2pdf's documents fast, and can be left out: without it, they come out the same."""
