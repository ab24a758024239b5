//! The way to witnesses and time stamping authorities: HTTP, with TLS that trusts what the system trusts.

use std::{sync::OnceLock, time::Duration};

use reqwest::{Client, RequestBuilder, header::CONTENT_TYPE, redirect::Policy};

use crate::app::anchor::{Courier, Delivery, Reply};

/// For the connection.
const CONNECT: Duration = Duration::from_secs(5);
/// For all of it.
const PATIENCE: Duration = Duration::from_secs(10);
/// A time stamp with its certificates has a few kilobytes.
const LARGEST: usize = 256 * 1024;

/// Reaches addresses of the web. Nothing is set up before the first delivery.
#[derive(Debug, Default)]
pub struct Web(OnceLock<Result<Client, String>>);

impl Web {
    fn client(&self) -> Result<&Client, String> {
        let made = self.0.get_or_init(|| {
            // It may be there already: then it is this one, since no other is linked.
            let _ = rustls::crypto::ring::default_provider().install_default();
            let client = Client::builder().connect_timeout(CONNECT).timeout(PATIENCE).redirect(Policy::none());
            client.user_agent(concat!("leadkeep/", env!("CARGO_PKG_VERSION"))).build().map_err(|error| told(&error))
        });
        made.as_ref().map_err(Clone::clone)
    }
}

async fn send(request: RequestBuilder) -> Result<Reply, String> {
    let mut response = request.send().await.map_err(|error| told(&error))?;
    let (status, mut body) = (response.status().as_u16(), Vec::new());
    while let Some(part) = response.chunk().await.map_err(|error| told(&error))? {
        body.extend_from_slice(&part);
        if body.len() > LARGEST {
            return Err("the answer is too large".into());
        }
    }
    Ok(Reply { status, body })
}

impl Courier for Web {
    fn deliver<'d>(&'d self, url: &'d str, media: &'static str, body: Vec<u8>) -> Delivery<'d> {
        Box::pin(async move { send(self.client()?.post(url).header(CONTENT_TYPE, media).body(body)).await })
    }

    fn collect<'d>(&'d self, url: &'d str) -> Delivery<'d> {
        Box::pin(async move { send(self.client()?.get(url)).await })
    }
}

/// The innermost cause, which says more than that something went wrong.
fn told(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    if error.is_timeout() { "no answer in time".into() } else { cause.to_string() }
}
