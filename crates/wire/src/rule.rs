//! The one table of rules: what we refuse, under which name, and what relaxing it means.
//!
//! The same table serves both directions: a client's message that breaks a rule is answered with
//! [`Rule::status`] and `bad_request:<name>`, a node's becomes 502 with `bad_response:<name>`.

use std::fmt;

macro_rules! rules {
    ($($variant:ident $name:literal $status:literal $breach:literal $relaxed:expr;)*) => {
        /// A rule of HTTP/1 that a message broke.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Rule { $(#[doc = $breach] $variant,)* }

        /// Every rule, in the order of the table.
        pub const RULES: &[Rule] = &[$(Rule::$variant,)*];

        impl Rule {
            /// The stable name, as it stands in logs, metrics and `relaxed = [...]`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
            /// What the message did, as the middle of a sentence.
            pub const fn breach(self) -> &'static str {
                match self { $(Self::$variant => $breach,)* }
            }
            /// The status a client gets for breaking it.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }
            /// What happens instead when the rule is relaxed; `None` where no safe meaning exists.
            pub const fn when_relaxed(self) -> Option<&'static str> {
                match self { $(Self::$variant => $relaxed,)* }
            }
        }
    };
}

/// The message has no meaning that all parsers agree on: refused whatever the configuration says.
const NEVER: Option<&str> = None;

rules! {
    // The head as bytes.
    BareLf "bare_lf" 400 "a line of the head ends in LF without CR" Some("the line ends there");
    BareCr "bare_cr" 400 "CR stands alone in the head" Some("it becomes a space, in field values only");
    Nul "nul" 400 "the head holds a NUL byte" Some("it becomes a space, in field values only");
    ControlByte "control_byte" 400 "the head holds a control byte" Some("it becomes a space, in field values only");
    ObsFold "obs_fold" 400 "a field value goes on in the next line" Some("the lines are joined by spaces, unless the field has a meaning for us");
    SpaceBeforeColon "space_before_colon" 400 "a space stands between a field name and its colon" Some("the space is removed");
    NoColon "no_colon" 400 "a field has no colon" Some("the line is dropped");
    EmptyName "empty_name" 400 "a field has no name" Some("the line is dropped");
    BadName "bad_name" 400 "a field name holds a byte that names may not hold" Some("the line is dropped");
    UnderscoreName "underscore_name" 400 "a field name holds an underscore" Some("the field is kept (it is dropped otherwise; never an error)");
    HeadTooLarge "head_too_large" 431 "the head is longer than the limit" NEVER;
    TooManyFields "too_many_fields" 431 "the head has more fields than the limit" NEVER;
    // The first line.
    RequestLine "request_line" 400 "the first line is not a method, a target and a version with one space between" Some("several spaces count as one");
    StatusLine "status_line" 400 "the first line is not a version, a status and a reason" NEVER;
    Status "status" 400 "the status is not within 100 and 599" Some("600 to 999 are passed on");
    Version "version" 400 "the version is neither HTTP/1.0 nor HTTP/1.1" Some("HTTP/1.2 to 1.9 are read as HTTP/1.1");
    Target "target" 400 "the target is neither a path, nor an http or https address, nor * with OPTIONS" NEVER;
    FragmentInTarget "fragment_in_target" 400 "the target holds a #" Some("the target ends before it");
    NonAsciiTarget "non_ascii_target" 400 "the target holds a byte above 0x7f" Some("it is percent-encoded");
    MethodConnect "method_connect" 405 "the method is CONNECT" NEVER;
    MethodTrace "method_trace" 405 "the method is TRACE" Some("it is passed on like GET");
    // Host.
    MissingHost "missing_host" 400 "an HTTP/1.1 request has no Host" Some("the address the client connected to stands in");
    RepeatedHost "repeated_host" 400 "Host is given more than once" Some("equal ones count as one");
    Userinfo "userinfo" 400 "the host is preceded by user information" Some("it is removed");
    BadHost "bad_host" 400 "the host is not a name or address with an optional port" Some("any visible ASCII but / ? # @ \\ \" is passed on");
    HostMismatch "host_mismatch" 400 "an absolute target disagrees with Host" Some("the target wins");
    // How long the body is.
    ContentLength "content_length" 400 "Content-Length is not one decimal number" NEVER;
    ContentLengthList "content_length_list" 400 "Content-Length is a list" Some("equal elements count as one");
    RepeatedContentLength "repeated_content_length" 400 "Content-Length is given more than once" Some("equal ones count as one");
    ContentLengthWithTransferEncoding "content_length_with_transfer_encoding" 400 "Content-Length stands beside Transfer-Encoding" Some("Transfer-Encoding wins, the connection is closed after the message");
    TransferEncodingInHttp10 "transfer_encoding_in_http_1_0" 400 "Transfer-Encoding stands in an HTTP/1.0 message" Some("it counts, the connection is closed after the message");
    TransferEncoding "transfer_encoding" 400 "Transfer-Encoding does not end in exactly one chunked" Some("identity, empty elements and a repeated chunked are ignored; a response may end with its connection");
    TransferCoding "transfer_coding" 501 "Transfer-Encoding names a coding other than chunked" Some("it is passed on, in requests only");
    // The connection.
    ConnectionList "connection_list" 400 "Connection names more than 32 fields" NEVER;
    UnaskedUpgrade "unasked_upgrade" 400 "the protocol is switched though nobody asked for it" NEVER;
    // Chunks. Relaxing one of them makes us write every chunk anew.
    ChunkSize "chunk_size" 400 "a chunk size is not 1 to 16 hexadecimal digits" Some("spaces after the digits are ignored");
    ChunkExtension "chunk_extension" 400 "a chunk extension is malformed or too long" Some("extensions of any form within the limit are dropped");
    ChunkTerminator "chunk_terminator" 400 "a chunk line or chunk data does not end in CR LF" Some("LF alone ends it too");
    Trailer "trailer" 400 "a trailer field is malformed or may not be a trailer" Some("trailers are dropped");
    TrailerTooLarge "trailer_too_large" 400 "the trailers are longer than the limit" NEVER;
}

impl Rule {
    /// The rule of that name.
    pub fn named(name: &str) -> Option<Self> {
        RULES.iter().copied().find(|rule| rule.name() == name)
    }

    /// Whether `relaxed` may name it.
    pub const fn relaxable(self) -> bool {
        self.when_relaxed().is_some()
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.breach())
    }
}

impl std::error::Error for Rule {}
