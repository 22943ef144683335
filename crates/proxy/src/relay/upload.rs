//! From the client to the node: the head, then the body as fast as the node takes it.

use std::task::{Context, Poll};

use super::exchange::{End, Exchange, TURNS};
use crate::worker::Scratch;

/// What the upload waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Up {
    /// More bytes from the client.
    Client,
    /// Room on the way to the node.
    Node,
    /// Nothing: all is sent, or the node takes no more.
    Over,
}

impl Exchange<'_> {
    /// Sends what can be sent.
    pub(super) fn poll_upload(&mut self, cx: &mut Context<'_>) -> Result<Up, End> {
        for _ in 0..TURNS {
            if self.deaf {
                return Ok(Up::Over);
            }
            let request = &mut *self.request;
            if request.sent < request.out.len() {
                match self.node.poll_write(cx, &request.out[request.sent..]) {
                    Poll::Pending => return Ok(Up::Node),
                    Poll::Ready(Ok(written)) => {
                        request.sent += written;
                        self.moved += written as u64;
                        self.berth.meter.sent.add(written as u64);
                    }
                    // It may have answered before it closed: what it said is read first.
                    Poll::Ready(Err(_)) => self.deaf = true,
                }
                continue;
            }
            if request.carrier.is_done() {
                return Ok(Up::Over);
            }
            if !request.kept {
                request.out.clear();
                request.sent = 0;
            }
            let scratch = &mut *self.local.scratch.borrow_mut();
            let read = match self.connection.stream.poll_read(cx, &mut scratch.input) {
                Poll::Pending => return Ok(Up::Client),
                Poll::Ready(Ok(read)) if read > 0 => read,
                Poll::Ready(_) => return Err(End::ClientGone),
            };
            self.moved += read as u64;
            self.pass_on(cx, read, scratch)?;
        }
        cx.waker().wake_by_ref();
        Ok(Up::Client)
    }

    /// Gives the node what was read of the body: at once when none of it is kept, else through `out`.
    fn pass_on(
        &mut self,
        cx: &mut Context<'_>,
        read: usize,
        scratch: &mut Scratch,
    ) -> Result<(), End> {
        let Scratch { input, piece, .. } = scratch;
        let request = &mut *self.request;
        let input = &input[..read];
        let carried = request.carrier.carry(input, piece).map_err(End::BadBody)?;
        request.tally.received += carried.consumed as u64;
        self.connection.rest.extend_from_slice(&input[carried.consumed..]);
        if request.kept && request.body_kept() + carried.bytes.len() > self.keep {
            // Too long to be sent again. All of it was sent, since more is read only then.
            request.kept = false;
            request.out.clear();
            request.sent = 0;
        }
        let written = if request.kept {
            0
        } else {
            match self.node.poll_write(cx, carried.bytes) {
                Poll::Pending => 0,
                Poll::Ready(Ok(written)) => written,
                Poll::Ready(Err(_)) => {
                    self.deaf = true;
                    0
                }
            }
        };
        self.berth.meter.sent.add(written as u64);
        request.out.extend_from_slice(&carried.bytes[written..]);
        Ok(())
    }
}
