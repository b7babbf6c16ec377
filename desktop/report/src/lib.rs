//! Findings to PDF and HTML.
