"""What is done with a `Stylizer`: one file for each use, of which none imports another, and one beside it in `cli/`."""
