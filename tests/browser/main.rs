//! What only a browser shows, on both hosts: pages, clicks, cookies, scripts. In a binary of its own: `make test-browser`.

mod phone;
