//! Opening the place where segments lie.

use std::os::unix::fs::DirBuilderExt;

use object_store::{
    ObjectStore,
    aws::{AmazonS3Builder, Checksum},
    local::LocalFileSystem,
    path::Path,
};
use url::Url;

use super::lock::WithMd5;
use crate::store::StoreError;

/// The store and the prefix in it.
pub(super) fn open(url: &str) -> Result<(Box<dyn ObjectStore>, Path), StoreError> {
    let unusable = |cause: &dyn std::fmt::Display| StoreError::Archive(format!("{url}: {cause}"));
    let parsed = Url::parse(url).map_err(|error| unusable(&error))?;
    if parsed.scheme() == "file" {
        let folder = parsed.to_file_path().map_err(|()| unusable(&"no path"))?;
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(|error| unusable(&error))?;
        let place = LocalFileSystem::new_with_prefix(&folder).map_err(|error| unusable(&error))?;
        // What leaves the database must be on the disk by then.
        return Ok((Box::new(place.with_fsync(true)), Path::default()));
    }
    // The first who names a provider wins, and every one of ours names the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // With checksums, a bucket with object lock takes the file.
    let builder = AmazonS3Builder::from_env().with_bucket_name(parsed.host_str().unwrap_or_default());
    let builder = builder.with_checksum_algorithm(Checksum::SHA256).with_http_connector(WithMd5);
    let place = builder.build().map_err(|error| unusable(&error))?;
    let prefix = Path::from_url_path(parsed.path()).map_err(|error| unusable(&error))?;
    Ok((Box::new(place), prefix))
}
