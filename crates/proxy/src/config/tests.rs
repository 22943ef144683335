//! Claims about reading the engine's configuration.

use super::*;

const WHOLE: &str = include_str!("example.json");

/// The text that Python writes is read whole, and seconds become durations.
#[test]
fn the_whole_configuration_is_read() {
    let config = Config::from_json(WHOLE).expect("the example is valid");
    assert_eq!(config.proxy.drain, Duration::from_secs(30));
    assert_eq!(config.clusters[0].retries.backoff, Duration::from_millis(25));
    assert_eq!(config.clusters[0].strategy.name, "power_of_two");
    assert_eq!(config.clusters[0].strategy.options["load"], "in_flight");
    assert_eq!(config.log.access, AccessTo::Off);
}

/// A key that the engine does not know means that the halves differ in version, so it is refused by name.
#[test]
fn an_unknown_key_is_refused_by_name() {
    let text = WHOLE.replacen("\"workers\"", "\"wrokers\": 1, \"workers\"", 1);
    assert!(Config::from_json(&text).expect_err("unknown key").contains("wrokers"));
}

/// Everybody who reaches an admin listener off loopback could drain nodes, so it asks for a token.
#[test]
fn an_admin_listener_off_loopback_asks_for_a_token() {
    let open = WHOLE.replacen("127.0.0.1:9900", "0.0.0.0:9900", 1);
    assert!(Config::from_json(&open).expect_err("no token").contains("admin.token"));
    let guarded = open.replacen("\"token\": null", "\"token\": \"secret\"", 1);
    let config = Config::from_json(&guarded).expect("a token makes it acceptable");
    assert!(!format!("{config:?}").contains("secret"), "a token never reaches a log");
}

/// A listener that leads nowhere is a fault of the file, found before any socket is opened.
#[test]
fn a_listener_to_an_unknown_cluster_is_refused() {
    let text = WHOLE.replacen("\"to\": \"users\"", "\"to\": \"usres\"", 1);
    assert!(Config::from_json(&text).expect_err("unknown cluster").contains("usres"));
}

/// Negative and unthinkably long durations are refused, not wrapped.
#[test]
fn what_is_no_duration_is_refused() {
    for value in ["-1.0", "1e300"] {
        let text = WHOLE.replacen("\"drain\": 30.0", &format!("\"drain\": {value}"), 1);
        assert!(Config::from_json(&text).expect_err(value).contains("duration"));
    }
}
