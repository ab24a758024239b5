//! Subscriptions over a WebSocket, in the protocol of [`super::message`]. Queries and changes are sent by POST.

use std::{collections::HashMap, mem, sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::{
        FromRequestParts,
        ws::{Message, WebSocket, WebSocketUpgrade},
    },
    http::{
        HeaderMap, HeaderValue, Method, Response, StatusCode,
        header::{AUTHORIZATION, UPGRADE},
        request::Parts,
    },
};
use bytes::Bytes;
use serde_json::{Map, Value};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch},
    task::{AbortHandle, JoinSet},
    time::Instant,
};

use super::{
    message::{self, Close, PROTOCOL, Said},
    origin,
    subscription::{Found, Subscription, Wake},
};
use crate::{
    app::sessions,
    http::{
        Gate,
        answer::Answer,
        authenticate::{authenticate, bearer},
        caller,
        graphql::{call::Call, caller::Caller, entry, operation, reply::Reply},
        listen::Slot,
    },
    policy::{Marking, Refusal},
};

/// How long a client gets to say goodbye too.
const FAREWELL: Duration = Duration::from_secs(2);
/// Bytes that are read at once: clients say little.
const READ_BUFFER: usize = 4_096;
/// Messages of subscriptions that wait for the connection; events do not, they wait for their turn.
const WAITING: usize = 8;

/// Whether the request wants a WebSocket.
pub(in crate::http::graphql) fn is_upgrade(parts: &Parts) -> bool {
    let wanted = parts.headers.get_all(UPGRADE).iter().filter_map(|value| value.to_str().ok());
    parts.method == Method::GET && wanted.flat_map(|list| list.split(',')).any(|one| one.trim().eq_ignore_ascii_case("websocket"))
}

/// Opens the WebSocket, unless the page that wants it is a stranger's, or the token in the header does not count.
pub(in crate::http::graphql) async fn upgrade(gate: Arc<Gate>, caller: Caller, mut parts: Parts) -> Response<Body> {
    let upgrade = match negotiate(&gate, &mut parts).await {
        Ok(upgrade) => upgrade,
        Err(reply) => return operation::refuse(&gate, &caller, reply).await.into_response(),
    };
    let slot = parts.extensions.remove::<Slot>();
    let connection = Connection::new(gate, caller, parts.headers);
    let mut response = upgrade.on_upgrade(|socket| async {
        connection.run(socket).await;
        drop(slot);
    });
    if let Ok(banner) = HeaderValue::from_str(&Marking::PUBLIC.banner(&[])) {
        response.headers_mut().insert("x-confidentiality", banner);
    }
    response
}

async fn negotiate(gate: &Gate, parts: &mut Parts) -> Result<WebSocketUpgrade, Reply> {
    if !origin::is_welcome(&parts.headers, &gate.subscriptions.origins) {
        return Err(Reply::refused(Refusal::forbidden("Pages of this origin may not connect.")));
    }
    authenticate(gate, &parts.headers).await.map_err(|error| Reply::unknown(&error))?;
    let upgrade = WebSocketUpgrade::from_request_parts(parts, &()).await;
    let upgrade = upgrade.map_err(|wrong| Reply::with_status(wrong.status(), Refusal::bad_input(wrong.body_text())))?;
    let upgrade = upgrade.protocols([PROTOCOL]);
    if upgrade.selected_protocol().is_none() {
        return Err(Reply::with_status(StatusCode::BAD_REQUEST, Refusal::bad_input("Speak the subprotocol graphql-transport-ws.")));
    }
    let longest = gate.core.limits.document_size;
    Ok(upgrade.max_message_size(longest).max_frame_size(longest).read_buffer_size(READ_BUFFER))
}

/// A WebSocket that is open.
struct Connection {
    gate: Arc<Gate>,
    caller: Caller,
    headers: HeaderMap,
    /// Once somebody has said who they are.
    token: Option<String>,
    open: HashMap<String, (u64, AbortHandle)>,
    /// Of the subscriptions of this connection: a client may use an id again.
    serial: u64,
    tasks: JoinSet<()>,
    tell: mpsc::Sender<Told>,
    told: mpsc::Receiver<Told>,
    /// Who may make the next event: as long as the one before has not been taken, nobody.
    writer: Arc<Semaphore>,
    stopping: watch::Receiver<bool>,
    /// Whether anything came since the last ping.
    heard: bool,
    idle_since: Instant,
}

/// What a subscription tells its connection.
struct Told {
    id: String,
    serial: u64,
    what: What,
}

enum What {
    Event(Vec<u8>, OwnedSemaphorePermit),
    Ended(Answer),
    Complete,
}

/// Why a connection ends; `None` if it broke off.
type End = Option<Close>;

impl Connection {
    fn new(gate: Arc<Gate>, caller: Caller, headers: HeaderMap) -> Self {
        let (tell, told) = mpsc::channel(WAITING);
        let stopping = gate.stopping.subscribe();
        Self {
            gate,
            caller,
            headers,
            token: None,
            open: HashMap::new(),
            serial: 0,
            tasks: JoinSet::new(),
            tell,
            told,
            writer: Arc::new(Semaphore::new(1)),
            stopping,
            heard: true,
            idle_since: Instant::now(),
        }
    }

    async fn run(mut self, mut socket: WebSocket) {
        let Err(end) = self.talk(&mut socket).await;
        self.tasks.abort_all();
        let Some(close) = end else { return };
        if matches!(close.0, 4400 | 4401 | 4408 | 4409 | 4429) {
            operation::refuse(&self.gate, &self.caller, Reply::refused(Refusal::bad_input(close.1.clone()))).await;
        }
        if socket.send(close.frame()).await.is_ok() {
            let goodbye = async { while let Some(Ok(_)) = socket.recv().await {} };
            // Who does not say goodbye is left without.
            let _ = tokio::time::timeout(FAREWELL, goodbye).await;
        }
    }

    async fn talk(&mut self, socket: &mut WebSocket) -> Result<std::convert::Infallible, End> {
        let every = Duration::from_secs(self.gate.subscriptions.heartbeat);
        let mut heartbeat = tokio::time::interval_at(Instant::now() + every, every);
        let patience = Duration::from_secs(self.gate.settings.header_time);
        loop {
            if *self.stopping.borrow() && self.open.is_empty() {
                return Err(Some(Close::new(1001, "The server stops.")));
            }
            tokio::select! {
                message = socket.recv() => {
                    self.heard = true;
                    match message {
                        Some(Ok(Message::Text(text))) => self.hear(socket, &text).await?,
                        Some(Ok(Message::Binary(_))) => return Err(Some(Close::new(4400, "Messages are text."))),
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                        Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(None),
                    }
                }
                Some(told) = self.told.recv() => self.pass_on(socket, told).await?,
                _ = heartbeat.tick() => {
                    if !mem::replace(&mut self.heard, false) {
                        return Err(None);
                    }
                    send(socket, Message::Ping(Bytes::new())).await?;
                }
                () = tokio::time::sleep_until(self.idle_since + patience), if self.open.is_empty() => {
                    let unknown = Close::new(4408, "Connection initialisation timeout");
                    return Err(Some(if self.token.is_some() { Close::new(1000, "Nothing is subscribed to.") } else { unknown }));
                }
                _ = self.stopping.changed() => {}
            }
        }
    }

    async fn hear(&mut self, socket: &mut WebSocket, text: &str) -> Result<(), End> {
        self.caller.began = self.gate.core.now();
        match message::read(text).map_err(Some)? {
            Said::Ping { payload } => send(socket, message::pong(payload)).await,
            Said::Pong => Ok(()),
            Said::ConnectionInit { .. } if self.token.is_some() => Err(Some(Close::new(4429, "Too many initialisation requests"))),
            Said::ConnectionInit { payload } => {
                if let Err(reply) = self.introduce(payload.unwrap_or_default()).await {
                    let why = reply.message().to_owned();
                    operation::refuse(&self.gate, &self.caller, reply).await;
                    return Err(Some(Close(4403, why)));
                }
                send(socket, message::ack()).await
            }
            Said::Subscribe { id, payload } => self.subscribe(socket, id, *payload).await,
            Said::Complete { id } => {
                if let Some((_, task)) = self.open.remove(&id) {
                    task.abort();
                    self.idle_since = Instant::now();
                }
                Ok(())
            }
        }
    }

    /// Takes in who the client says they are.
    async fn introduce(&mut self, payload: Map<String, Value>) -> Result<(), Reply> {
        let headers = message::headers(&self.headers, payload);
        let token = bearer(&headers).map_err(Reply::refused)?.ok_or_else(|| Reply::refused(entry::closed()))?;
        self.caller.subject = sessions::authenticate(&self.gate.core, token).await.map_err(|error| Reply::unknown(&error))?;
        self.caller.purpose = caller::purpose(&headers).map_err(Reply::refused)?;
        self.token = Some(token.to_owned());
        self.headers.remove(AUTHORIZATION);
        self.idle_since = Instant::now();
        Ok(())
    }

    async fn subscribe(&mut self, socket: &mut WebSocket, id: String, call: Call) -> Result<(), End> {
        let Some(token) = self.token.clone() else {
            return Err(Some(Close::new(4401, "Unauthorized")));
        };
        if self.open.contains_key(&id) {
            return Err(Some(Close(4409, format!("Subscriber for {id} already exists"))));
        }
        let place = match self.gate.places.take(&self.caller.subject) {
            Ok(place) => place,
            Err(reply) => {
                let answer = operation::refuse(&self.gate, &self.caller, reply).await;
                return send(socket, message::error(&id, &answer.body)).await;
            }
        };
        self.serial += 1;
        let opening = Subscription::open(Arc::clone(&self.gate), self.caller.clone(), token, call, place);
        let (serial, tell, writer, its_id) = (self.serial, self.tell.clone(), Arc::clone(&self.writer), id.clone());
        let task = self.tasks.spawn(async move {
            let told = |what| Told { id: its_id.clone(), serial, what };
            let mut subscription = match opening.await {
                Ok((subscription, _)) => subscription,
                Err(answer) => return drop(tell.send(told(What::Ended(answer))).await),
            };
            loop {
                if subscription.wait().await == Wake::Over {
                    drop(subscription);
                    return drop(tell.send(told(What::Complete)).await);
                }
                // Closed never: nobody closes it.
                let Ok(turn) = Arc::clone(&writer).acquire_owned().await else { return };
                let what = match subscription.look().await {
                    Found::Nothing => continue,
                    Found::Event(result) => What::Event(result, turn),
                    Found::Ended(answer) => {
                        drop(subscription);
                        return drop(tell.send(told(What::Ended(answer))).await);
                    }
                };
                if tell.send(told(what)).await.is_err() {
                    return;
                }
            }
        });
        self.open.insert(id, (serial, task));
        Ok(())
    }

    /// Passes on what a subscription tells, unless the client has completed it meanwhile.
    async fn pass_on(&mut self, socket: &mut WebSocket, told: Told) -> Result<(), End> {
        let Told { id, serial, what } = told;
        if self.open.get(&id).is_none_or(|(current, _)| *current != serial) {
            return Ok(());
        }
        if let What::Event(result, _turn) = what {
            return send(socket, message::next(&id, &result)).await;
        }
        self.open.remove(&id);
        self.idle_since = Instant::now();
        while self.tasks.try_join_next().is_some() {}
        let What::Ended(answer) = what else {
            return send(socket, message::complete(&id)).await;
        };
        send(socket, message::error(&id, &answer.body)).await?;
        if answer.status == StatusCode::UNAUTHORIZED {
            return Err(Some(Close::new(4403, "Forbidden")));
        }
        Ok(())
    }
}

async fn send(socket: &mut WebSocket, message: Message) -> Result<(), End> {
    socket.send(message).await.map_err(|_| None)
}
