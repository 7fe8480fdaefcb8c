"""A shop that engraves jewellery and confirms its orders by protected e-mail."""
