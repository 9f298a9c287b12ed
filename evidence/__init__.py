"""What an alert rests on, gathered from what is stored and drawn for people."""
