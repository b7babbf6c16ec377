//! A town of emitters and a drive through it, as real frame bytes with the truth beside them.
