"""What makes encryption and signatures quick; whatever it does not know is left to pyHanko's own way."""
