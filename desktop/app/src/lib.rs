//! The PiWardrive desktop: window and command line.
