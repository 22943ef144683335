//! What one head costs: `cargo bench -p evenly-wire`. httparse, which only tokenises, stands beside it for scale.

use std::hint::black_box;
use std::time::Instant;

use evenly_wire::{Forward, Parsed, Relaxed, Slots, Terms, Version, request, response};

const SMALL: &[u8] = b"GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n";
const BROWSER: &[u8] = b"GET /wp-content/uploads/2010/03/hello-kitty-darth-vader-pink.jpg HTTP/1.1\r\n\
Host: www.kittyhell.com\r\n\
User-Agent: Mozilla/5.0 (Macintosh; U; Intel Mac OS X 10.6; ja-JP-mac; rv:1.9.2.3) Gecko/20100401 Firefox/3.6.3 Pathtraq/0.9\r\n\
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n\
Accept-Language: ja,en-us;q=0.7,en;q=0.3\r\n\
Accept-Encoding: gzip,deflate\r\n\
Accept-Charset: Shift_JIS,utf-8;q=0.7,*;q=0.7\r\n\
Keep-Alive: 115\r\n\
Connection: keep-alive\r\n\
Cookie: wp_ozh_wsa_visits=2; wp_ozh_wsa_visit_lasttime=xxxxxxxxxx; __utma=xxxxxxxxx.xxxxxxxxxx.xxxxxxxxxx.xxxxxxxxxx.xxxxxxxxxx.x; __utmz=xxxxxxxxx.xxxxxxxxxx.x.x.utmccn=(referral)|utmcsr=reader.livedoor.com|utmcct=/reader/|utmcmd=referral\r\n\r\n";
const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sun, 22 Nov 2026 12:00:00 GMT\r\nContent-Type: text/plain\r\nContent-Length: 13\r\nConnection: keep-alive\r\n\r\n";

/// The fastest of several rounds, in nanoseconds per turn: noise only ever adds.
fn nanoseconds(mut turn: impl FnMut()) -> f64 {
    const TURNS: u32 = 100_000;
    let round = |turn: &mut dyn FnMut()| {
        let start = Instant::now();
        (0..TURNS).for_each(|_| turn());
        start.elapsed().as_nanos() as f64 / f64::from(TURNS)
    };
    (0..20).map(|_| round(&mut turn)).fold(f64::INFINITY, f64::min)
}

fn main() {
    let terms = Terms::default();
    let forward = Forward::new([127, 0, 0, 1].into(), "http", "127.0.0.1:8080", false);
    let mut slots = Slots::new();
    let mut out = Vec::with_capacity(4096);
    for (name, bytes) in [("small request", SMALL), ("browser's request", BROWSER)] {
        let tokenised = nanoseconds(|| {
            let mut headers = [httparse::EMPTY_HEADER; 100];
            let mut request = httparse::Request::new(&mut headers);
            black_box(request.parse(black_box(bytes))).expect("the head is good");
        });
        let read = nanoseconds(|| {
            black_box(request::parse(black_box(bytes), &mut slots, &terms))
                .expect("the head is good");
        });
        let both = nanoseconds(|| {
            out.clear();
            if let Ok(Parsed::Complete(head)) = request::parse(black_box(bytes), &mut slots, &terms)
            {
                black_box(head.write(&forward, Relaxed::NONE, &mut out));
            }
        });
        println!(
            "{name:20} read {read:6.1} ns, read and written {both:6.1} ns; httparse {tokenised:6.1} ns"
        );
    }
    let asked = response::Asked::default();
    let reply = response::Reply { version: Version::Http11, close: false, relaxed: Relaxed::NONE };
    let both = nanoseconds(|| {
        out.clear();
        if let Ok(Parsed::Complete(head)) =
            response::parse(black_box(ANSWER), &mut slots, asked, &terms)
        {
            black_box(head.write(reply, &mut out));
        }
    });
    println!("{:20} read and written {both:6.1} ns", "response");
}
