//! Origins of a lead.

use async_graphql::{ContextSelectionSet, parser::types::SelectionSet};

use super::{
    account::{self, AccountOut},
    collect::merged,
    json,
    object::{Out, object, outs},
    reference::{self, ReferenceOut},
};
use crate::{
    domain::{Origin, OriginFile, Timestamp},
    policy::Snapshot,
};

/// What stands under a key of an origin.
pub(super) enum OriginOut {
    Typename,
    Channel,
    Since,
    RecordedAt,
    RecordedBy(Vec<Out<ReferenceOut>>),
    Account(Vec<Out<AccountOut>>),
    File(Vec<Out<FileOut>>),
}

pub(super) enum FileOut {
    Typename,
    ImportId,
    Name,
    Sha256,
    Record,
}

/// Every key of an origin that the selection sets ask for.
pub(super) fn plan<'d>(ctx: &ContextSelectionSet<'d>, sets: &[&'d SelectionSet]) -> Vec<Out<OriginOut>> {
    outs(merged(ctx, sets), |selected| match selected.name {
        "__typename" => Some(OriginOut::Typename),
        "channel" => Some(OriginOut::Channel),
        "since" => Some(OriginOut::Since),
        "recordedAt" => Some(OriginOut::RecordedAt),
        "recordedBy" => Some(OriginOut::RecordedBy(reference::plan(ctx, &selected.sets))),
        "account" => Some(OriginOut::Account(account::plan(ctx, &selected.sets))),
        "file" => Some(OriginOut::File(file_plan(ctx, &selected.sets))),
        _ => None,
    })
}

fn file_plan<'d>(ctx: &ContextSelectionSet<'d>, sets: &[&'d SelectionSet]) -> Vec<Out<FileOut>> {
    outs(merged(ctx, sets), |selected| match selected.name {
        "__typename" => Some(FileOut::Typename),
        "importId" => Some(FileOut::ImportId),
        "name" => Some(FileOut::Name),
        "sha256" => Some(FileOut::Sha256),
        "record" => Some(FileOut::Record),
        _ => None,
    })
}

/// Writes one origin.
pub(super) fn origin(out: &mut Vec<u8>, plan: &[Out<OriginOut>], origin: &Origin, snapshot: &Snapshot) {
    object(out, plan, |out, what| match what {
        OriginOut::Typename => json::text(out, "LeadOrigin"),
        OriginOut::Channel => json::text(out, origin.channel.name()),
        OriginOut::Since => json::option(out, origin.since, time),
        OriginOut::RecordedAt => time(out, origin.recorded_at),
        OriginOut::RecordedBy(plan) => json::option(out, origin.by, |out, by| reference::person(out, plan, by, snapshot)),
        OriginOut::Account(plan) => json::option(out, origin.account, |out, of| account::account(out, plan, &of, snapshot)),
        OriginOut::File(plan) => json::option(out, origin.file.as_ref(), |out, of| file(out, plan, of)),
    });
}

fn file(out: &mut Vec<u8>, plan: &[Out<FileOut>], file: &OriginFile) {
    object(out, plan, |out, what| match what {
        FileOut::Typename => json::text(out, "OriginFile"),
        FileOut::ImportId => json::id(out, file.import),
        FileOut::Name => json::text(out, &file.name),
        FileOut::Sha256 => json::text(out, &file.sha256),
        FileOut::Record => json::integer(out, file.record),
    });
}

fn time(out: &mut Vec<u8>, at: Timestamp) {
    json::text(out, &at.to_string());
}
