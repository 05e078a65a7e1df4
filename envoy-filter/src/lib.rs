//! wxedge-envoy
