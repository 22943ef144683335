//! Where the admin listener is open; a change of the configuration may move it, close it or change its token.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use super::Admin;
use crate::address::Address;
use crate::config;
use crate::listener::Listening;
use crate::shared::Shared;
use crate::sockets::{self, Bound};

/// The admin listener, open or not.
pub struct Door {
    shared: Arc<Shared>,
    control: PathBuf,
    open: Option<Open>,
}

struct Open {
    /// As the configuration has it.
    address: SocketAddr,
    admin: Arc<Admin>,
    accepting: AbortHandle,
}

impl Door {
    /// Closed until the first change; `control` is where the control process listens.
    pub fn new(shared: Arc<Shared>, control: PathBuf) -> Self {
        Self { shared, control, open: None }
    }

    /// Binds what is asked for and is not open yet; nothing changes by it.
    pub fn prepare(&self, given: Option<&config::Admin>) -> Result<Option<Bound>, String> {
        let here = self.open.as_ref().map(|open| open.address);
        match given {
            Some(given) if here != Some(given.address) => {
                sockets::bind("admin.address", &Address::Ip(given.address)).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Follows the configuration. Requests that came in by a door that closes are answered.
    pub fn change(&mut self, given: Option<&config::Admin>, bound: Option<Bound>) {
        let token = given.and_then(|given| given.token.as_deref());
        if let (Some(open), Some(_), None) = (&self.open, given, &bound) {
            open.admin.set_token(token);
            return;
        }
        if let Some(open) = self.open.take() {
            open.accepting.abort();
            if token.is_some() {
                open.admin.set_token(token);
            }
            open.admin.close();
        }
        if let (Some(given), Some(Bound { socket: Listening::Tcp(socket), .. })) = (given, bound)
            && let Ok(socket) = TcpListener::from_std(socket)
        {
            let admin = Arc::new(Admin::new(Arc::clone(&self.shared), token, self.control.clone()));
            let accepting = tokio::spawn(super::serve(socket, Arc::clone(&admin))).abort_handle();
            self.open = Some(Open { address: given.address, admin, accepting });
        }
    }
}
