//! What buckets with object lock may demand of each file: its MD5, besides the SHA-256 that `object_store` sends and signs.

use std::pin::Pin;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http_body_util::BodyExt;
use md5::{Digest as _, Md5};
use object_store::{
    ClientOptions,
    client::{HttpClient, HttpConnector, HttpError, HttpRequest, HttpRequestBody, HttpResponse, HttpService, ReqwestConnector},
};

/// Connects as usual, and adds it.
#[derive(Debug)]
pub(super) struct WithMd5;

impl HttpConnector for WithMd5 {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(Sending(ReqwestConnector::default().connect(options)?)))
    }
}

#[derive(Debug)]
struct Sending(HttpClient);

type Answer<'c> = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

impl HttpService for Sending {
    fn call<'s, 'c>(&'s self, request: HttpRequest) -> Answer<'c>
    where
        's: 'c,
        Self: 'c,
    {
        Box::pin(async move {
            if request.method() != "PUT" {
                return self.0.execute(request).await;
            }
            let (mut parts, body) = request.into_parts();
            let bytes = body.collect().await?.to_bytes();
            // Base64 is always a header's value.
            if let Ok(value) = STANDARD.encode(Md5::digest(&bytes)).parse() {
                parts.headers.insert("content-md5", value);
            }
            self.0.execute(HttpRequest::from_parts(parts, HttpRequestBody::from(bytes))).await
        })
    }
}
