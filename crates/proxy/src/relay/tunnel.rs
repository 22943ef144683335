//! Two byte streams joined end to end: what a connection is after its upgrade to WebSocket.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll, ready};

use evenly_core::Nanos;

use super::exchange::TURNS;
use super::frames::{Frames, close_for_client, close_for_node};
use crate::alarm::Alarm;
use crate::clock;
use crate::edition::LiveListener;
use crate::phase::Phase;
use crate::stream::Stream;
use crate::worker::Local;

/// How long the second half may take to end after the first: a WebSocket whose one end is gone has nothing to say.
const PARTING: Nanos = Nanos::from_secs(5);

/// One direction.
#[derive(Debug, Default)]
pub struct Way {
    /// Bytes read that the other side did not take yet.
    spill: Vec<u8>,
    taken: usize,
    over: bool,
    shut: bool,
    frames: Frames,
    /// Bytes passed on.
    pub moved: u64,
}

impl Way {
    /// A direction that begins with the end of a head, then with frames that came along.
    pub fn new(head: Vec<u8>, frames: &[u8]) -> Self {
        let mut way = Self { spill: head, ..Self::default() };
        way.spill.extend_from_slice(frames);
        way.frames.follow(frames);
        way
    }

    fn waiting(&self) -> bool {
        self.taken < self.spill.len()
    }

    /// Moves what there is. Ready when this direction has ended.
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut Stream,
        to: &mut Stream,
        room: &mut [u8],
    ) -> Poll<io::Result<()>> {
        for _ in 0..TURNS {
            while self.waiting() {
                let written = ready!(to.poll_write(cx, &self.spill[self.taken..]))?;
                self.taken += written;
                self.moved += written as u64;
            }
            if self.shut {
                return Poll::Ready(Ok(()));
            }
            if self.over {
                ready!(to.poll_shutdown(cx))?;
                self.shut = true;
                continue;
            }
            // A quiet tunnel holds no buffer.
            self.spill = Vec::new();
            self.taken = 0;
            let read = ready!(from.poll_read(cx, room))?;
            if read == 0 {
                self.over = true;
                continue;
            }
            self.frames.follow(&room[..read]);
            let written = match to.poll_write(cx, &room[..read]) {
                Poll::Ready(written) => written?,
                Poll::Pending => 0,
            };
            self.moved += written as u64;
            self.spill.extend_from_slice(&room[written..read]);
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Ends with a close frame, if that can stand here.
    fn say_goodbye(&mut self, frame: &[u8]) {
        if self.frames.between() && !self.over {
            self.spill.extend_from_slice(frame);
        }
        self.over = true;
    }
}

/// Joins the two until both directions have ended, nothing moved for `idle`, or the worker or the listener ends.
pub async fn join(
    local: &Local,
    (alarm, listener): (&Alarm, &LiveListener),
    idle: Nanos,
    (client, node): (&mut Stream, &mut Stream),
    (up, down): (&mut Way, &mut Way),
) -> io::Result<()> {
    let mut parting = false;
    let mut last = u64::MAX;
    poll_fn(|cx| {
        if local.phase().max(listener.phase.get()) == Phase::Ended && !parting {
            parting = true;
            let key = local.rng.borrow_mut().next_u64().to_le_bytes();
            up.say_goodbye(&close_for_node([key[0], key[1], key[2], key[3]]));
            down.say_goodbye(&close_for_client());
            alarm.set(clock::now().plus(PARTING));
        }
        if alarm.rung() {
            return Poll::Ready(Ok(()));
        }
        let scratch = &mut *local.scratch.borrow_mut();
        let sent = up.poll(cx, client, node, &mut scratch.input);
        let received = down.poll(cx, node, client, &mut scratch.input);
        match (sent, received) {
            (Poll::Ready(Err(error)), _) | (_, Poll::Ready(Err(error))) => {
                return Poll::Ready(Err(error));
            }
            (Poll::Ready(Ok(())), Poll::Ready(Ok(()))) => return Poll::Ready(Ok(())),
            (Poll::Ready(_), _) | (_, Poll::Ready(_)) if !parting => {
                parting = true;
                alarm.set(clock::now().plus(PARTING));
            }
            _ if !parting && up.moved + down.moved != last => {
                last = up.moved + down.moved;
                alarm.set(clock::now().plus(idle));
            }
            _ => {}
        }
        Poll::Pending
    })
    .await
}
