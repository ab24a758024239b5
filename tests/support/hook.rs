//! Somebody else's server that takes webhooks.

use std::sync::{
    Arc,
    atomic::{AtomicU16, Ordering},
};

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use leadkeep::notify::{Hidden, WebhookSettings};
use serde_json::Value;
use sha2::Sha256;
use tokio::{net::TcpListener, sync::mpsc};

const KEY: [u8; 32] = [42; 32];

/// Somebody else's server, which answers with a status that the test sets and keeps what it is sent.
#[derive(Debug)]
pub struct Receiver {
    url: String,
    /// The status it answers with.
    pub answers: Arc<AtomicU16>,
    /// What it was sent.
    pub got: mpsc::UnboundedReceiver<(HeaderMap, Bytes)>,
}

impl Receiver {
    /// Starts one that takes everything.
    pub async fn start() -> Self {
        let answers = Arc::new(AtomicU16::new(200));
        let (send, got) = mpsc::unbounded_channel();
        let status = Arc::clone(&answers);
        let take = move |headers: HeaderMap, body: Bytes| {
            let (send, status) = (send.clone(), status.load(Ordering::SeqCst));
            async move {
                send.send((headers, body)).unwrap();
                // One that sends elsewhere, too.
                (StatusCode::from_u16(status).unwrap(), [("location", "/elsewhere")])
            }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let router = Router::new().route("/hook", post(take.clone())).route("/elsewhere", post(take));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, answers, got }
    }

    /// The settings by which it is called.
    pub fn settings(&self) -> WebhookSettings {
        let hidden = |text: String| Some(Hidden::new(text));
        WebhookSettings { url: hidden(self.url.clone()), secret: hidden(format!("whsec_{}", STANDARD.encode(KEY))) }
    }

    /// What came, its signature checked as the receiver has to.
    pub async fn next(&mut self) -> (String, Value) {
        let (headers, body) = self.got.recv().await.unwrap();
        let header = |name: &str| headers[name].to_str().unwrap().to_owned();
        let mut mac = Hmac::<Sha256>::new_from_slice(&KEY).unwrap();
        mac.update(format!("{}.{}.", header("webhook-id"), header("webhook-timestamp")).as_bytes());
        mac.update(&body);
        assert_eq!(header("webhook-signature"), format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())));
        (header("webhook-id"), serde_json::from_slice(&body).unwrap())
    }
}
