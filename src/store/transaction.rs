//! A transaction of the main database, and work in it.

use std::{future::Future, pin::Pin};

use sea_orm::DatabaseTransaction;

/// An open transaction of the main database.
#[derive(Clone, Copy, Debug)]
pub struct Tx<'c>(pub(super) &'c DatabaseTransaction);

/// A future that borrows the transaction.
pub type Work<'c, T> = Pin<Box<dyn Future<Output = T> + Send + 'c>>;
