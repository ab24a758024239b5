//! Leads, accounts, policy.

use sea_orm_migration::prelude::*;

use crate::dialect;

#[derive(DeriveMigrationName)]
pub(crate) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, DDL).await
    }
}

const DDL: &str = r"
CREATE TABLE subject (
    id ROWID, kind BIGINT NOT NULL, name STRING NOT NULL, locked_at BIGINT, created_at BIGINT NOT NULL, version BIGINT NOT NULL
)
--
CREATE TABLE person (
    id ROWID, email STRING NOT NULL UNIQUE, password_hash TEXT NOT NULL, password_changed_at BIGINT NOT NULL,
    password_given BIGINT NOT NULL, jurisdiction STRING, company STRING
)
--
CREATE TABLE app (
    id ROWID, client_id STRING NOT NULL UNIQUE, responsible_id BIGINT NOT NULL
)
--
CREATE TABLE app_secret (
    id ROWID, app_id BIGINT NOT NULL, hash BYTES NOT NULL, created_at BIGINT NOT NULL, expires_at BIGINT
)
--
CREATE INDEX app_secret_app ON app_secret (app_id)
--
CREATE TABLE session (
    id ROWID, person_id BIGINT, app_id BIGINT, parent_id BIGINT, created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL,
    ended_at BIGINT, end_reason TEXT, ip TEXT, user_agent TEXT
)
--
CREATE INDEX session_person ON session (person_id)
--
CREATE INDEX session_app ON session (app_id)
--
CREATE INDEX session_parent ON session (parent_id)
--
CREATE TABLE refresh_token (
    hash BYTES NOT NULL PRIMARY KEY, session_id BIGINT NOT NULL, issued_at BIGINT NOT NULL, spent_at BIGINT
)
--
CREATE INDEX refresh_token_session ON refresh_token (session_id)
--
CREATE TABLE generation (
    name STRING NOT NULL PRIMARY KEY, value BIGINT NOT NULL
)
--
INSERT INTO generation (name, value) VALUES ('rights', 0)
--
CREATE TABLE policy_item (
    kind STRING NOT NULL, item STRING NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, item)
)
--
CREATE TABLE policy_revision (
    number ROWID, sha256 BYTES NOT NULL, at BIGINT NOT NULL, by_id BIGINT, request_id BIGINT NOT NULL
)
--
CREATE TABLE policy_change (
    revision BIGINT NOT NULL, seq BIGINT NOT NULL, kind STRING NOT NULL, item STRING NOT NULL, before TEXT, after TEXT,
    PRIMARY KEY (revision, seq)
)
--
CREATE TABLE proposal (
    id ROWID, act TEXT NOT NULL, sealed BYTES, requested_by BIGINT, requested_at BIGINT NOT NULL, expires_at BIGINT NOT NULL,
    decided_at BIGINT, decided_by BIGINT, approved BIGINT
)
--
CREATE TABLE access_review (
    id ROWID, name STRING NOT NULL, started_at BIGINT NOT NULL, started_by BIGINT, due_at BIGINT NOT NULL, closed_at BIGINT
)
--
CREATE TABLE access_review_item (
    review_id BIGINT NOT NULL, grant_id BIGINT NOT NULL, answer STRING, answered_at BIGINT, answered_by BIGINT,
    PRIMARY KEY (review_id, grant_id)
)
--
CREATE TABLE alarm (
    id ROWID, rule STRING NOT NULL, subject_id BIGINT NOT NULL, day BIGINT NOT NULL, place BIGINT NOT NULL, at BIGINT NOT NULL,
    raised_at BIGINT NOT NULL, found BIGINT NOT NULL, against BIGINT NOT NULL, acknowledged_at BIGINT, acknowledged_by BIGINT, note TEXT
)
--
CREATE UNIQUE INDEX alarm_once ON alarm (subject_id, rule, day)
--
CREATE TABLE alarm_cursor (
    id ROWID, place BIGINT NOT NULL, raised BIGINT NOT NULL, owner BIGINT NOT NULL, until BIGINT NOT NULL
)
--
INSERT INTO alarm_cursor (id, place, raised, owner, until) VALUES (1, 0, 0, 0, 0)
--
CREATE TABLE delivery (
    about BIGINT NOT NULL, item BIGINT NOT NULL, channel STRING NOT NULL, attempts BIGINT NOT NULL, next_at BIGINT, delivered_at BIGINT,
    last_error TEXT, PRIMARY KEY (about, item, channel)
)
--
CREATE INDEX delivery_next ON delivery (next_at)
--
CREATE TABLE quota_lift (
    subject_id BIGINT NOT NULL, kind STRING NOT NULL, since BIGINT NOT NULL, until BIGINT NOT NULL, by_id BIGINT, at BIGINT NOT NULL,
    PRIMARY KEY (subject_id, kind, since)
)
--
CREATE TABLE legal_hold (
    id ROWID, subject_id BIGINT, lead_id BIGINT, since BIGINT, until BIGINT, reason TEXT NOT NULL, set_at BIGINT NOT NULL, asked_by BIGINT,
    set_by BIGINT, lifted_at BIGINT, lift_reason TEXT, lift_asked_by BIGINT, lifted_by BIGINT
)
--
CREATE TABLE departure (
    id ROWID, person_id BIGINT NOT NULL, last_day BIGINT NOT NULL, reason TEXT NOT NULL, access BIGINT NOT NULL, state BIGINT NOT NULL,
    known_at BIGINT NOT NULL, begun_at BIGINT NOT NULL, begun_by BIGINT, approved_by BIGINT, limited_at BIGINT, locked_at BIGINT,
    locked_before BIGINT NOT NULL, sessions BIGINT NOT NULL, delegations BIGINT NOT NULL, hold_id BIGINT NOT NULL, certificate BIGINT,
    certificate_at BIGINT, certificate_by BIGINT, certificate_note TEXT, ended_at BIGINT, ended_by BIGINT, end_reason TEXT,
    rehired_at BIGINT, rehired_by BIGINT, version BIGINT NOT NULL
)
--
CREATE INDEX departure_person ON departure (person_id, id)
--
CREATE UNIQUE INDEX departure_open ON departure (person_id) WHERE state = 1
--
CREATE TABLE departure_task (
    id ROWID, departure_id BIGINT NOT NULL, kind BIGINT NOT NULL, item BIGINT, body TEXT NOT NULL, state BIGINT NOT NULL,
    settled_at BIGINT, settled_by BIGINT, note TEXT
)
--
CREATE INDEX departure_task_departure ON departure_task (departure_id, id)
--
CREATE TABLE departure_handover (
    id ROWID, departure_id BIGINT NOT NULL, at BIGINT NOT NULL, by_id BIGINT, undone_at BIGINT, undone_by BIGINT
)
--
CREATE INDEX departure_handover_departure ON departure_handover (departure_id, id)
--
CREATE TABLE departure_lead (
    handover_id BIGINT NOT NULL, lead_id BIGINT NOT NULL, role BIGINT NOT NULL, from_id BIGINT NOT NULL, since BIGINT, to_id BIGINT,
    brand_id BIGINT, PRIMARY KEY (handover_id, lead_id, role)
) CLUSTERED
--
CREATE TABLE erasure (
    id ROWID, kind STRING NOT NULL, item BIGINT NOT NULL, reason TEXT NOT NULL, at BIGINT NOT NULL, asked_by BIGINT, approved_by BIGINT,
    request_id BIGINT NOT NULL, traces TEXT, swept BIGINT NOT NULL, details BIGINT NOT NULL, documents BIGINT NOT NULL, done_at BIGINT
)
--
CREATE INDEX erasure_item ON erasure (kind, item)
--
CREATE TABLE agreement_text (
    sha256 BYTES NOT NULL PRIMARY KEY, body TEXT NOT NULL
)
--
CREATE TABLE acceptance (
    id ROWID, kind STRING NOT NULL, version BIGINT NOT NULL, person_id BIGINT, company STRING, jurisdiction STRING,
    text_sha256 BYTES, typed_name TEXT, signed_at BIGINT NOT NULL, until_at BIGINT, at BIGINT NOT NULL, ip TEXT, user_agent TEXT,
    session_id BIGINT, paper_sha256 BYTES, attested_by BIGINT, attestation TEXT, replaced BIGINT NOT NULL, request_id BIGINT NOT NULL
)
--
CREATE INDEX acceptance_person ON acceptance (person_id, id)
--
CREATE INDEX acceptance_company ON acceptance (company, id)
--
CREATE TABLE paper (
    sha256 BYTES NOT NULL PRIMARY KEY, name STRING NOT NULL, content BYTES NOT NULL, at BIGINT NOT NULL
)
--
CREATE TABLE lead (
    id ROWID, version BIGINT NOT NULL, level BIGINT NOT NULL, compartments BIGINT NOT NULL,
    company STRING, industry STRING, country STRING, stage STRING, source STRING, first_name STRING, last_name STRING,
    title STRING, website STRING, city STRING, owner_id BIGINT, team_id BIGINT, tags TEXT, reference STRING,
    emails TEXT, phones TEXT, deal_value BIGINT, score BIGINT, notes TEXT,
    created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, archived BIGINT NOT NULL, reader_id BIGINT
)
--
CREATE INDEX lead_company ON lead (company, id)
--
CREATE INDEX lead_industry ON lead (industry, id)
--
CREATE INDEX lead_country ON lead (country, id)
--
CREATE INDEX lead_stage ON lead (stage, id)
--
CREATE INDEX lead_source ON lead (source, id)
--
CREATE INDEX lead_last_name ON lead (last_name, id)
--
CREATE INDEX lead_city ON lead (city, id)
--
CREATE INDEX lead_owner ON lead (owner_id, id)
--
CREATE INDEX lead_team ON lead (team_id, id)
--
CREATE INDEX lead_deal_value ON lead (deal_value, id)
--
CREATE INDEX lead_score ON lead (score, id)
--
CREATE INDEX lead_created_at ON lead (created_at, id)
--
CREATE INDEX lead_updated_at ON lead (updated_at, id)
--
CREATE TABLE lead_key (
    kind BIGINT NOT NULL, value STRING NOT NULL, lead_id BIGINT NOT NULL, PRIMARY KEY (kind, value, lead_id)
) CLUSTERED
--
CREATE INDEX lead_key_lead ON lead_key (lead_id)
--
CREATE TABLE lead_word (
    word STRING NOT NULL, field BIGINT NOT NULL, lead_id BIGINT NOT NULL, PRIMARY KEY (word, field, lead_id)
) CLUSTERED
--
CREATE INDEX lead_word_lead ON lead_word (lead_id)
--
CREATE TABLE canary (
    lead_id ROWID, reader_id BIGINT, export_id BIGINT, made_at BIGINT NOT NULL, placed_at BIGINT
)
--
CREATE INDEX canary_reader ON canary (reader_id)
--
CREATE TABLE canary_touch (
    id ROWID, kind BIGINT NOT NULL, lead_id BIGINT NOT NULL, subject_id BIGINT NOT NULL, day BIGINT NOT NULL, place BIGINT NOT NULL,
    at BIGINT NOT NULL, noticed_at BIGINT NOT NULL, bulletin BIGINT
)
--
CREATE UNIQUE INDEX canary_touch_once ON canary_touch (lead_id, subject_id, kind, day)
--
CREATE TABLE canary_bulletin (
    day ROWID, made_at BIGINT NOT NULL, acknowledged_at BIGINT, acknowledged_by BIGINT
)
--
CREATE TABLE import_run (
    id ROWID, at BIGINT NOT NULL, by_id BIGINT, file STRING NOT NULL, sha256 STRING NOT NULL, format STRING NOT NULL,
    channel BIGINT NOT NULL, account_id BIGINT
)
--
CREATE TABLE lead_origin (
    lead_id BIGINT NOT NULL, source BIGINT NOT NULL, channel BIGINT NOT NULL, since BIGINT, recorded_at BIGINT NOT NULL, by_id BIGINT,
    account_id BIGINT, import_id BIGINT, record BIGINT, PRIMARY KEY (lead_id, source)
) CLUSTERED
--
CREATE TABLE lead_relationship (
    lead_id BIGINT NOT NULL, role BIGINT NOT NULL, who BIGINT NOT NULL, since BIGINT NOT NULL, by_id BIGINT, PRIMARY KEY (lead_id, role, who)
) CLUSTERED
--
CREATE INDEX lead_relationship_who ON lead_relationship (who, role, lead_id)
--
CREATE TABLE contact_account (
    id ROWID, platform BIGINT NOT NULL, kind BIGINT NOT NULL, handle STRING NOT NULL, custodian_id BIGINT NOT NULL, credentials BIGINT NOT NULL,
    policy TEXT, policy_accepted_at BIGINT, created_at BIGINT NOT NULL, created_by BIGINT, confirmed_at BIGINT NOT NULL, confirmed_by BIGINT,
    retired_at BIGINT, version BIGINT NOT NULL
)
--
CREATE UNIQUE INDEX contact_account_handle ON contact_account (platform, handle, custodian_id) WHERE retired_at IS NULL
--
CREATE TABLE import_mapping (
    name STRING NOT NULL PRIMARY KEY, mapping TEXT NOT NULL
)
--
CREATE TABLE idempotency (
    actor BIGINT NOT NULL, item STRING NOT NULL, digest BYTES NOT NULL, result TEXT NOT NULL, at BIGINT NOT NULL,
    PRIMARY KEY (actor, item)
)
--
CREATE TABLE evidence_order (
    id ROWID, person_id BIGINT, app_id BIGINT, request_id BIGINT NOT NULL, wanted TEXT NOT NULL, expires_at BIGINT NOT NULL
)
--
CREATE TABLE change_detail (
    request_id BIGINT NOT NULL, seq BIGINT NOT NULL, kind STRING NOT NULL, item STRING NOT NULL, before TEXT, after TEXT,
    salt BYTES NOT NULL, PRIMARY KEY (request_id, seq)
) CLUSTERED
--
CREATE INDEX change_detail_item ON change_detail (kind, item)
--
CREATE TABLE outbox (
    id ROWID, request_id BIGINT NOT NULL, at BIGINT NOT NULL, body BYTES NOT NULL, owner BIGINT NOT NULL
)
";
