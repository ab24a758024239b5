//! The types that render themselves, as the schema shows them.

use std::borrow::Cow;

use async_graphql::{
    ContextSelectionSet, OutputType, Positioned, ServerResult, Value,
    parser::types::Field as Asked,
    registry::{Deprecation, MetaField, MetaType, MetaTypeId, Registry},
};

use crate::domain::{Field, lead::FieldType};

/// An object type of these fields, each (name, type, description).
pub(super) fn object<T: OutputType>(registry: &mut Registry, description: &str, fields: Vec<(&str, String, &str)>) -> String {
    registry.create_output_type::<T, _>(MetaTypeId::Object, |_| MetaType::Object {
        name: T::type_name().into_owned(),
        description: Some(description.to_owned()),
        fields: fields.iter().map(|(name, ty, description)| ((*name).to_owned(), field(name, ty, description))).collect(),
        cache_control: async_graphql::CacheControl::default(),
        extends: false,
        shareable: false,
        resolvable: true,
        inaccessible: false,
        interface_object: false,
        tags: Vec::new(),
        keys: None,
        visible: None,
        is_subscription: false,
        rust_typename: Some(std::any::type_name::<T>()),
        directive_invocations: Vec::new(),
        requires_scopes: Vec::new(),
    })
}

fn field(name: &str, ty: &str, description: &str) -> MetaField {
    MetaField {
        name: name.to_owned(),
        description: Some(description.to_owned()),
        args: async_graphql::indexmap::IndexMap::new(),
        ty: ty.to_owned(),
        deprecation: Deprecation::NoDeprecated,
        cache_control: async_graphql::CacheControl::default(),
        external: false,
        requires: None,
        provides: None,
        visible: None,
        shareable: false,
        inaccessible: false,
        tags: Vec::new(),
        override_from: None,
        compute_complexity: None,
        directive_invocations: Vec::new(),
        requires_scopes: Vec::new(),
    }
}

/// Declares types that exist in the schema only: what holds them writes them.
macro_rules! shapes {
    ($($(#[doc = $doc:literal])* $shape:ident $name:literal: $fields:expr;)*) => {$(
        $(#[doc = $doc])*
        pub(super) struct $shape;

        impl OutputType for $shape {
            fn type_name() -> Cow<'static, str> {
                $name.into()
            }

            fn create_type_info(registry: &mut Registry) -> String {
                let fields: fn(&mut Registry) -> Vec<(&'static str, String, &'static str)> = $fields;
                let fields = fields(registry);
                object::<Self>(registry, concat!($($doc),*).trim(), fields)
            }

            async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Asked>) -> ServerResult<Value> {
                Ok(Value::Null)
            }
        }
    )*};
}

shapes! {
    /// How confidential something is.
    MarkingShape "Marking": |_| vec![
        ("level", "Level!".into(), "The level."),
        ("compartments", "[String!]!".into(), "Codes of the compartments."),
        ("banner", "String!".into(), "Both in one line, as it is printed on what bears the marking."),
    ];
    /// A field of a lead that the caller does not see as it is: tells a hidden null from an empty one.
    RedactionShape "Redaction": |_| vec![
        ("field", "String!".into(), "Name of the field."),
        ("disposition", "RedactionDisposition!".into(), "How it is shown."),
        ("marking", "Marking!".into(), "The field's own marking."),
    ];
    /// A person, by name.
    PersonReference "PersonReference": |_| vec![
        ("id", "ID!".into(), "Opaque id."),
        ("name", "String".into(), "Display name."),
    ];
    /// A team, by name.
    TeamReference "TeamReference": |_| vec![
        ("id", "ID!".into(), "Opaque id."),
        ("name", "String".into(), "Name."),
    ];
    /// An account of the register through which a lead is known.
    LeadAccountShape "LeadAccount": |registry| {
        let platform = <crate::graphql::contact_account::PlatformName as OutputType>::create_type_info(registry);
        let kind = <crate::graphql::contact_account::AccountKindName as OutputType>::create_type_info(registry);
        vec![
            ("id", "ID!".into(), "Its id in the register."),
            ("platform", platform, "Where it is kept."),
            ("kind", kind, "Whose it is."),
            ("custodian", "PersonReference!".into(), "Who answers for it; of a personal profile its owner."),
        ]
    };
    /// How much of its own hold on a lead the company can show, from the lead's origins and the register of accounts.
    LeadCustodyShape "LeadCustody": |registry| {
        let strength = <crate::graphql::custody::StrengthName as OutputType>::create_type_info(registry);
        vec![
            ("strength", strength, "How strong it is: that of the strongest origin."),
            ("reasons", "[String!]!".into(), "Why, a sentence for each kind of origin, the strongest first."),
            ("onlyBy", "PersonReference".into(), "Who alone knows the lead: the one person through whose profiles it came."),
        ]
    };
    /// A colleague or brand account that a lead knows.
    LeadRelationshipShape "LeadRelationship": |registry| {
        let role = <crate::graphql::custody::RelationshipRoleName as OutputType>::create_type_info(registry);
        let account = LeadAccountShape::create_type_info(registry);
        vec![
            ("role", role, "How they stand to the lead."),
            ("person", "PersonReference".into(), "The colleague; null of a brand account."),
            ("account", account, "The brand account; null of a colleague."),
            ("since", "DateTime".into(), "Since when it is noted; null of the owner."),
            ("notedBy", "PersonReference".into(), "The person or app that noted it; null of the owner, and of what the operator noted."),
        ]
    };
    /// The file that an origin stands in.
    OriginFileShape "OriginFile": |_| vec![
        ("importId", "ID!".into(), "The import that read it first; the access log names it."),
        ("name", "String!".into(), "The name it had."),
        ("sha256", "String!".into(), "Its SHA-256 in hexadecimal."),
        ("record", "Int!".into(), "The line, or the number of the record, counted from 1."),
    ];
    /// Where a lead came from, once. Origins that contradict each other all stay.
    LeadOriginShape "LeadOrigin": |registry| {
        let channel = <crate::graphql::channel::ChannelName as OutputType>::create_type_info(registry);
        let file = OriginFileShape::create_type_info(registry);
        let account = LeadAccountShape::create_type_info(registry);
        vec![
            ("channel", channel, "The channel."),
            ("since", "DateTime".into(), "When the contact came about, if the source says so."),
            ("recordedAt", "DateTime!".into(), "When it was noted here."),
            ("recordedBy", "PersonReference".into(), "The person or app that noted it; null is the operator."),
            ("account", account, "The account of the register through which it came, as it is now."),
            ("file", file, "The file it stands in; null if somebody typed it in."),
        ]
    };
    /// A lead, as far as the caller's windows show it.
    LeadShape "Lead": lead_fields;
    /// A lead and its place in the list.
    LeadEdgeShape "LeadEdge": |registry| {
        let node = LeadShape::create_type_info(registry);
        vec![("cursor", "String!".into(), "Where the lead stands; for `after` and `before`."), ("node", node, "The lead.")]
    };
}

fn lead_fields(registry: &mut Registry) -> Vec<(&'static str, String, &'static str)> {
    <crate::graphql::marking::LevelName as OutputType>::create_type_info(registry);
    <super::input::RedactionDisposition as OutputType>::create_type_info(registry);
    <crate::graphql::scalar::DateTime as OutputType>::create_type_info(registry);
    let marking = MarkingShape::create_type_info(registry);
    let redaction = RedactionShape::create_type_info(registry);
    PersonReference::create_type_info(registry);
    TeamReference::create_type_info(registry);
    LeadOriginShape::create_type_info(registry);
    LeadRelationshipShape::create_type_info(registry);
    let custody = LeadCustodyShape::create_type_info(registry);
    let mut fields = vec![
        ("id", "ID!".into(), "Opaque id."),
        ("version", "Int!".into(), "Counts the lead's changes; for `expectedVersion`."),
        ("name", "String".into(), "First and last name."),
        ("marking", marking, "The lead's own marking."),
        ("custody", custody, "How much of its own hold on the lead the company can show; hidden with `origins`."),
        ("redactions", format!("[{redaction}]!"), "The fields that the caller does not see as they are."),
    ];
    fields.extend(Field::ALL.iter().map(|field| (field.name(), type_of(*field).into(), field.description())));
    fields
}

/// The GraphQL type of a field. Each is nullable: hidden is null.
const fn type_of(field: Field) -> &'static str {
    match (field, field.kind()) {
        (Field::Owner, _) => "PersonReference",
        (Field::Team, _) => "TeamReference",
        (Field::Relationships, _) => "[LeadRelationship!]",
        (_, FieldType::Linked) => "[LeadOrigin!]",
        (_, FieldType::Text | FieldType::Reference) => "String",
        (_, FieldType::List) => "[String!]",
        (_, FieldType::Integer) => "Int",
        (_, FieldType::Money) => "Float",
        (_, FieldType::Time) => "DateTime",
        (_, FieldType::Flag) => "Boolean",
    }
}
