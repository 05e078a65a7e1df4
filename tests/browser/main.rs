//! What only a browser shows, on both hosts: pages, clicks, cookies, scripts. In a binary of its own: `make test-browser`.

mod demo_pages;
mod injection;
mod jssdk;
mod login;
mod phone;
mod qr;
mod refusals;
mod scene;
