//! Where the body ends: `Content-Length` and `Transfer-Encoding`, read in one place for both directions.

use crate::kind::Kind;
use crate::relaxed::Relaxed;
use crate::rule::Rule;
use crate::scan;
use crate::terms::{Body, Version};

/// What the framing fields of a head say so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Framing {
    pub length: Option<u64>,
    /// A `Transfer-Encoding` field was there.
    encoded: bool,
    /// `chunked` was the last coding so far.
    chunked: bool,
    /// A coding other than `chunked` was there.
    pub coded: bool,
}

impl Framing {
    /// Takes in one field of either kind.
    #[inline]
    pub(crate) fn read(
        &mut self,
        kind: Kind,
        value: &[u8],
        relaxed: Relaxed,
        used: &mut Relaxed,
    ) -> Result<(), Rule> {
        if kind == Kind::ContentLength {
            let length = content_length(value, relaxed, used)?;
            if let Some(before) = self.length {
                relaxed.excuse(Rule::RepeatedContentLength, used)?;
                if before != length {
                    return Err(Rule::RepeatedContentLength);
                }
            }
            self.length = Some(length);
            return Ok(());
        }
        self.encoded = true;
        for coding in value.split(|&b| b == b',') {
            let coding = scan::trim(coding);
            if coding.eq_ignore_ascii_case(b"chunked") {
                if self.chunked {
                    relaxed.excuse(Rule::TransferEncoding, used)?;
                }
                self.chunked = true;
            } else if coding.is_empty() || coding.eq_ignore_ascii_case(b"identity") {
                relaxed.excuse(Rule::TransferEncoding, used)?;
            } else if self.chunked {
                return Err(Rule::TransferEncoding);
            } else {
                if !scan::is_token(coding) {
                    return Err(Rule::TransferEncoding);
                }
                self.coded = true;
            }
        }
        Ok(())
    }

    /// What follows the head of a request, and whether the connection must end with it.
    #[inline]
    pub(crate) fn of_request(
        &self,
        version: Version,
        relaxed: Relaxed,
        used: &mut Relaxed,
    ) -> Result<(Body, bool), Rule> {
        if !self.encoded {
            return Ok((self.length.map_or(Body::None, Body::Length), false));
        }
        let close = self.doubts(version, relaxed, used)?;
        if self.chunked {
            if self.coded {
                relaxed.excuse(Rule::TransferCoding, used)?;
            }
            Ok((Body::Chunked, close))
        } else if self.coded {
            Err(Rule::TransferEncoding)
        } else {
            // Only `identity`, which is no coding at all, and the rule was excused above.
            Ok((self.length.map_or(Body::None, Body::Length), true))
        }
    }

    /// What follows the head of a response that has a body, and whether the connection must end with it.
    #[inline]
    pub(crate) fn of_response(
        &self,
        version: Version,
        relaxed: Relaxed,
        used: &mut Relaxed,
    ) -> Result<(Body, bool), Rule> {
        if !self.encoded {
            return Ok(self
                .length
                .map_or((Body::UntilClose, true), |length| (Body::Length(length), false)));
        }
        let close = self.doubts(version, relaxed, used)?;
        if self.coded {
            // We strip TE, so no node was told that we understand any coding.
            return Err(Rule::TransferCoding);
        }
        if self.chunked {
            return Ok((Body::Chunked, close));
        }
        Ok(self.length.map_or((Body::UntilClose, true), |length| (Body::Length(length), true)))
    }

    fn doubts(&self, version: Version, relaxed: Relaxed, used: &mut Relaxed) -> Result<bool, Rule> {
        let mut close = false;
        if self.length.is_some() {
            relaxed.excuse(Rule::ContentLengthWithTransferEncoding, used)?;
            close = true;
        }
        if version == Version::Http10 {
            relaxed.excuse(Rule::TransferEncodingInHttp10, used)?;
            close = true;
        }
        Ok(close)
    }
}

#[inline]
fn content_length(value: &[u8], relaxed: Relaxed, used: &mut Relaxed) -> Result<u64, Rule> {
    if let Some(length) = scan::decimal(value) {
        return Ok(length);
    }
    if !value.contains(&b',') {
        return Err(Rule::ContentLength);
    }
    relaxed.excuse(Rule::ContentLengthList, used)?;
    let mut elements =
        value.split(|&b| b == b',').map(|element| scan::decimal(scan::trim(element)));
    let first = elements.next().flatten().ok_or(Rule::ContentLength)?;
    if elements.all(|element| element == Some(first)) {
        Ok(first)
    } else {
        Err(Rule::ContentLengthList)
    }
}
