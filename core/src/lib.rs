//! wxedge
