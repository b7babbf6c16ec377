//! Every field of the radio header and of the capture file that has tshark's name.
