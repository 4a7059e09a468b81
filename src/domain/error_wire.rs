//! How an [`AppError`] travels between a server function and its caller in the browser.

use server_fn::{
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};

use super::AppError;

impl FromServerFnError for AppError {
    type Encoder = JsonEncoding;

    /// What goes wrong outside of a use-case: bad arguments are the caller's fault, all else is a line or a server that is
    /// down for the moment.
    fn from_server_fn_error(value: ServerFnErrorErr) -> Self {
        match value {
            ServerFnErrorErr::Args(detail) | ServerFnErrorErr::MissingArg(detail) | ServerFnErrorErr::Deserialization(detail) => {
                Self::invalid("", "arguments", detail)
            }
            _ => Self::Unavailable { retry_after_s: 5 },
        }
    }
}
