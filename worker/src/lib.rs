//! wxedge-worker
