//! What operators call things by: e-mail addresses, client ids, names; the 13 letters of an id work everywhere.

use leadkeep::{
    app::{Error, Op, apps, people},
    domain::{Id, Timestamp},
    policy::{Marking, Refusal, document::MarkingText},
};

/// How many rows a list reads at once.
pub(crate) const PAGE: u64 = 500;

/// Every row of a list that `page` reads [`PAGE`] by [`PAGE`], told the last row it has given.
pub(crate) async fn every<T>(page: impl AsyncFn(Option<&T>) -> Result<Vec<T>, Error>) -> Result<Vec<T>, Error> {
    let mut all: Vec<T> = Vec::new();
    loop {
        let more = page(all.last()).await?;
        if more.is_empty() {
            return Ok(all);
        }
        all.extend(more);
    }
}

/// The person with this e-mail address or id.
pub(crate) async fn person(op: &Op, who: &str) -> Result<people::PersonView, Error> {
    match who.parse() {
        Ok(id) => people::find(op, id).await,
        Err(_) => people::by_email(op, who).await.map_err(|error| unknown(error, "person", who)),
    }
}

/// The id of the person with this e-mail address; an id is taken as it is, that of an erased person too.
pub(crate) async fn person_id(op: &Op, who: &str) -> Result<Id, Error> {
    if let Ok(id) = who.parse() {
        return Ok(id);
    }
    Ok(person(op, who).await?.id)
}

/// The app with this client id or id.
pub(crate) async fn app(op: &Op, which: &str) -> Result<apps::AppView, Error> {
    if let Ok(id) = which.parse() {
        return apps::find(op, id).await;
    }
    let filter = apps::AppFilter { search: Some(which.to_owned()), ..apps::AppFilter::default() };
    let found = apps::list(op, &filter, None, PAGE).await?.into_iter().find(|app| app.client_id.as_deref() == Some(which));
    found.ok_or_else(|| missing("app", which))
}

/// The person or app that a grant is for.
pub(crate) async fn subject(op: &Op, who: &str) -> Result<Id, Error> {
    if let Ok(id) = who.parse() {
        return Ok(id);
    }
    if who.contains('@') { Ok(person(op, who).await?.id) } else { Ok(app(op, who).await?.id) }
}

/// The role with this name or id.
pub(crate) fn role(op: &Op, which: &str) -> Result<Id, Error> {
    let by_name = op.snapshot.document.role_named(which).map(|(id, _)| id);
    let by_id = || which.parse().ok().filter(|id: &Id| op.snapshot.document.roles.contains_key(&id.0));
    by_name.or_else(by_id).ok_or_else(|| missing("role", which))
}

/// The team with this name or id.
pub(crate) fn team(op: &Op, which: &str) -> Result<Id, Error> {
    let teams = &op.snapshot.document.teams;
    let by_name = teams.iter().find(|(_, team)| team.name == which).map(|(id, _)| Id(*id));
    let by_id = || which.parse().ok().filter(|id: &Id| teams.contains_key(&id.0));
    by_name.or_else(by_id).ok_or_else(|| missing("team", which))
}

/// Reads a moment: RFC 3339, or a day, which means its beginning in UTC.
pub(crate) fn moment(text: &str) -> Result<Timestamp, String> {
    let whole = || Timestamp::parse(&format!("{text}T00:00:00Z"));
    Timestamp::parse(text).or_else(whole).ok_or_else(|| "must be like 2027-01-31 or 2027-01-31T18:00:00Z".into())
}

fn unknown(error: Error, what: &str, name: &str) -> Error {
    match error {
        Error::Refused(refusal) if refusal == Refusal::not_found() => missing(what, name),
        other => other,
    }
}

fn missing(what: &str, name: &str) -> Error {
    Refusal { message: format!("there is no {what} `{name}`").into(), ..Refusal::not_found() }.into()
}

/// What a marking means here; its compartments must exist.
pub(crate) fn marking(op: &Op, text: &MarkingText) -> Result<Marking, Error> {
    op.snapshot.document.marking(text).ok_or_else(|| missing("compartment", &text.compartments.join("/")))
}
