//! Clients of both transports. Whatever does not come in time does not come.

use futures_util::{SinkExt, StreamExt};
use reqwest::{Method, header::HeaderMap};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{Error, Message, client::IntoClientRequest, http::HeaderValue},
};

use crate::support::{Caller, PATIENCE};

/// A stream of server-sent events.
pub struct Events {
    pub headers: HeaderMap,
    response: reqwest::Response,
    read: String,
    /// Comments that came.
    pub comments: usize,
}

impl Events {
    /// Subscribes; the answer has to be a stream.
    pub async fn open(caller: &Caller, document: &str, variables: Value) -> Self {
        let body = json!({ "query": document, "variables": variables });
        let request = caller.request(Method::POST, "/graphql").header("accept", "text/event-stream").json(&body);
        let response = request.send().await.unwrap();
        let headers = response.headers().clone();
        assert_eq!((response.status().as_u16(), headers["content-type"].to_str().unwrap()), (200, "text/event-stream; charset=utf-8"));
        Self { headers, response, read: String::new(), comments: 0 }
    }

    /// The next event: its name and its data; `None` at the end of the stream.
    pub async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            while let Some((block, rest)) = self.read.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.read = rest;
                if block.starts_with(':') {
                    self.comments += 1;
                    continue;
                }
                let (event, data) = block.strip_prefix("event: ").unwrap().split_once("\ndata:").unwrap();
                return Some((event.to_owned(), serde_json::from_str(data).unwrap_or(Value::Null)));
            }
            let chunk = timeout(PATIENCE, self.response.chunk()).await.expect("a sign of life").unwrap()?;
            self.read.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The data of a `next` event.
    pub async fn event(&mut self) -> Value {
        match self.next().await {
            Some((name, data)) if name == "next" => data,
            other => panic!("no event: {other:?}"),
        }
    }

    /// The stream says that it is over, and is.
    pub async fn completes(&mut self) {
        assert_eq!(self.next().await, Some(("complete".to_owned(), Value::Null)));
        assert_eq!(self.next().await, None);
    }
}

/// A WebSocket.
pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// What comes from it.
#[derive(Clone, Debug, PartialEq)]
pub enum Got {
    Message(Value),
    Ping,
    Closed(Option<(u16, String)>),
}

impl Socket {
    /// Connects with these headers; the status if it was refused.
    pub async fn connect(url: &str, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        let mut request = format!("{}/graphql", url.replace("http://", "ws://")).into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, HeaderValue::from_str(value).unwrap());
        }
        match tokio_tungstenite::connect_async(request).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// Connects and says nothing yet.
    pub async fn silent(url: &str) -> Self {
        Self::connect(url, &[("sec-websocket-protocol", "graphql-transport-ws")]).await.unwrap()
    }

    /// Connects and says who calls.
    pub async fn open(caller: &Caller) -> Self {
        let mut socket = Self::silent(&caller.url).await;
        let token = caller.token.as_ref().unwrap();
        socket.say(json!({ "type": "connection_init", "payload": { "Authorization": format!("Bearer {token}") } })).await;
        assert_eq!(socket.message().await, json!({ "type": "connection_ack" }));
        socket
    }

    /// Sends a message.
    pub async fn say(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    /// Sends bytes.
    pub async fn say_bytes(&mut self) {
        self.0.send(Message::binary(vec![1])).await.unwrap();
    }

    /// Subscribes under this id.
    pub async fn subscribe(&mut self, id: &str, document: &str, variables: Value) {
        self.say(json!({ "id": id, "type": "subscribe", "payload": { "query": document, "variables": variables } })).await;
    }

    /// What comes next.
    pub async fn got(&mut self) -> Got {
        loop {
            match timeout(PATIENCE, self.0.next()).await.expect("a sign of life") {
                Some(Ok(Message::Text(text))) => return Got::Message(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Ping(_))) => return Got::Ping,
                Some(Ok(Message::Close(frame))) => {
                    return Got::Closed(frame.map(|frame| (frame.code.into(), frame.reason.to_string())));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Got::Closed(None),
            }
        }
    }

    /// The next message.
    pub async fn message(&mut self) -> Value {
        loop {
            match self.got().await {
                Got::Message(message) => return message,
                Got::Ping => {}
                closed @ Got::Closed(_) => panic!("{closed:?}"),
            }
        }
    }

    /// The result of the next event of this subscription.
    pub async fn event(&mut self, id: &str) -> Value {
        let message = self.message().await;
        assert_eq!((&message["id"], &message["type"]), (&json!(id), &json!("next")), "{message}");
        message["payload"].clone()
    }

    /// The code that the first error of this subscription has.
    pub async fn error(&mut self, id: &str) -> String {
        let message = self.message().await;
        assert_eq!((&message["id"], &message["type"]), (&json!(id), &json!("error")), "{message}");
        message["payload"][0]["extensions"]["code"].as_str().unwrap().to_owned()
    }

    /// The code that the connection is closed with; messages before that are dropped.
    pub async fn closed(&mut self) -> Option<u16> {
        loop {
            if let Got::Closed(frame) = self.got().await {
                return frame.map(|(code, _)| code);
            }
        }
    }
}
