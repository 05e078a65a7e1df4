//! `wxedge-schema`: prints the JSON schema of the configuration. `make schema` writes it to config.schema.json.

fn main() {
    println!("{:#}", wxedge::config::schema());
}
