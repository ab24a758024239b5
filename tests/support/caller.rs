//! Somebody who calls the server over HTTP: anonymous, a person, an app.

use reqwest::{Method, header::HeaderMap, multipart};
use serde_json::{Value, json};

/// A caller: where to, and with which token.
#[derive(Clone, Debug)]
pub struct Caller {
    http: reqwest::Client,
    /// `http://127.0.0.1:port`.
    pub url: String,
    /// The bearer token sent with every request.
    pub token: Option<String>,
    /// Sent as `X-Access-Purpose`.
    pub purpose: Option<String>,
}

/// What the server answered.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    /// The body as JSON, `null` if it is none.
    pub json: Value,
}

/// A client that speaks HTTP; it wants to know whose cryptography it has, although these tests need none. It gives up on a
/// server that hangs.
pub fn client() -> reqwest::Client {
    super::name_tls();
    reqwest::Client::builder().timeout(super::PATIENCE).build().expect("a client")
}

const SIGN_IN: &str = "mutation($input: SignInInput!) { signIn(input: $input) { accessToken refreshToken } }";

impl Caller {
    /// Nobody yet.
    pub fn anonymous(url: &str) -> Self {
        Self { http: client(), url: url.to_owned(), token: None, purpose: None }
    }

    /// The same caller with this bearer token.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The same caller, declaring this purpose with every request.
    pub fn declaring(&self, purpose: Option<&str>) -> Self {
        Self { purpose: purpose.map(str::to_owned), ..self.clone() }
    }

    /// The same caller of another server.
    pub fn with_url(&self, url: &str) -> Self {
        Self { url: url.to_owned(), ..self.clone() }
    }

    /// Signs in as a person.
    pub async fn sign_in(&self, email: &str, password: &str) -> Self {
        let answer = self.graphql(SIGN_IN, json!({ "input": { "email": email, "password": password } })).await;
        self.with_token(answer.data()["signIn"]["accessToken"].as_str().expect("an access token"))
    }

    /// Takes a token as an app (RFC 6749 § 4.4).
    pub async fn client_credentials(&self, client_id: &str, client_secret: &str) -> Self {
        let form = [("grant_type", "client_credentials"), ("client_id", client_id), ("client_secret", client_secret)];
        let answer = self.form("/auth/token", &form).await;
        self.with_token(answer.json["access_token"].as_str().unwrap_or_else(|| panic!("no token: {}", answer.text)))
    }

    /// Sends a GraphQL operation.
    pub async fn graphql(&self, document: &str, variables: Value) -> Answer {
        let body = json!({ "query": document, "variables": variables });
        self.send(self.request(Method::POST, "/graphql").json(&body)).await
    }

    /// Sends a form.
    pub async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(fields);
        let request = self.request(Method::POST, path).header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(body.finish())).await
    }

    /// Sends a mutation whose variable `input` names this file as `file` (GraphQL multipart request specification).
    pub async fn upload(&self, document: &str, input: Value, file: &[u8]) -> Answer {
        self.upload_as("leads.csv", document, input, file).await
    }

    /// The same with a file that is called so.
    pub async fn upload_as(&self, name: &str, document: &str, mut input: Value, file: &[u8]) -> Answer {
        input["file"] = Value::Null;
        let operations = json!({ "query": document, "variables": { "input": input } }).to_string();
        let file = multipart::Part::bytes(file.to_vec()).file_name(name.to_owned());
        let form = multipart::Form::new().text("operations", operations).text("map", r#"{"0":["variables.input.file"]}"#).part("0", file);
        self.send(self.request(Method::POST, "/graphql").header("graphql-require-preflight", "1").multipart(form)).await
    }

    /// Gets a path.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// A request with token and purpose, to be completed and given to [`Caller::send`].
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(purpose) = &self.purpose {
            request = request.header("x-access-purpose", purpose);
        }
        request
    }

    /// Sends it and reads the whole answer.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.expect("the server answers");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.expect("the whole body");
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer { status, headers, text, json }
    }
}

impl Answer {
    /// `data` of an answer without errors.
    #[track_caller]
    pub fn data(&self) -> &Value {
        assert!(self.json["errors"].is_null() && self.json["data"].is_object(), "an error was answered: {} {}", self.status, self.text);
        &self.json["data"]
    }

    /// `extensions.code` of the first error.
    pub fn code(&self) -> Option<&str> {
        self.json["errors"][0]["extensions"]["code"].as_str()
    }

    /// The text of the first error.
    pub fn message(&self) -> Option<&str> {
        self.json["errors"][0]["message"].as_str()
    }

    /// `extensions.confidentiality.receipt`.
    pub fn receipt(&self) -> &Value {
        &self.json["extensions"]["confidentiality"]["receipt"]
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}
