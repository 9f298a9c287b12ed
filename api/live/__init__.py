"""What is stored, told to every open page as it happens: one listening connection a process, however many listen to us."""
