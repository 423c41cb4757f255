"""What strips and nodes have in common on screen: how long jobs run, lists, rows of panels, the quick look."""
