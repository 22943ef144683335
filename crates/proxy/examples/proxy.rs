//! The proxy without Python: `cargo run -p evenly-proxy --example proxy -- config.json [control process and its arguments]`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(path) = arguments.next() else {
        eprintln!("usage: proxy CONFIG.json [CONTROL ...]");
        return ExitCode::from(2);
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => {
            let code = evenly_proxy::run::run_json(&text, arguments.collect(), "null");
            ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX))
        }
        Err(fault) => {
            eprintln!("{path}: {fault}");
            ExitCode::from(2)
        }
    }
}
