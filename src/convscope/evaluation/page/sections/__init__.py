"""The parts of the page, one file each; every function gives the HTML of one part."""
