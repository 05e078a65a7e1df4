//! A WeChat that runs on your desk.
