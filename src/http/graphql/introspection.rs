//! What introspection comes to, counted without asking: its lists nest, and a kilobyte of `fields{type{fields` makes
//! millions of values.

use serde_json::Value;

use crate::graphql::LeadkeepSchema;

/// What tools ask for with every option on (`getIntrospectionQuery` of graphql-js, version 16), without its blanks.
pub(super) const TOOLS: &str = "query IntrospectionQuery{__schema{description queryType{name kind}mutationType{name kind}\
    subscriptionType{name kind}types{...FullType}directives{name description isRepeatable locations \
    args(includeDeprecated:true){...InputValue}}}}\
    fragment FullType on __Type{kind name description specifiedByURL isOneOf fields(includeDeprecated:true){name description \
    args(includeDeprecated:true){...InputValue}type{...TypeRef}isDeprecated deprecationReason}\
    inputFields(includeDeprecated:true){...InputValue}interfaces{...TypeRef}\
    enumValues(includeDeprecated:true){name description isDeprecated deprecationReason}possibleTypes{...TypeRef}}\
    fragment InputValue on __InputValue{name description type{...TypeRef}defaultValue isDeprecated deprecationReason}\
    fragment TypeRef on __Type{kind name ofType{kind name ofType{kind name ofType{kind name ofType{kind name ofType{kind name \
    ofType{kind name ofType{kind name ofType{kind name ofType{kind name}}}}}}}}}}";

/// What an object costs the engine besides what it holds, in leaves.
const OBJECT: f64 = 2.0;
/// The lists of a type.
const OF_A_TYPE: [&str; 5] = ["fields", "inputFields", "enumValues", "interfaces", "possibleTypes"];

/// How much of everything a schema has.
#[derive(Clone, Debug, Default)]
pub(super) struct Census {
    types: f64,
    directives: f64,
    args: Count,
    /// In the order of [`OF_A_TYPE`].
    of_a_type: [Count; 5],
}

/// How long a kind of list is: on average, and the longest.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    average: f64,
    largest: f64,
}

/// The leaves that the selections of an object of the introspection schema come to. Which object that is, nobody knows
/// while counting; so there are two numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Weight {
    /// On average over all types: what counts below `types`.
    average: f64,
    /// Of the largest: what counts where the document picks one.
    largest: f64,
}

impl Census {
    /// Counts by asking the schema itself.
    pub(super) async fn of(schema: &LeadkeepSchema) -> Self {
        let lists = "{__schema{directives{name args{name}}types{fields{args{name}}inputFields{name}enumValues{name}\
                     interfaces{name}possibleTypes{name}}}}";
        // Boxed: as a part of whatever starts a server it would be nested deeper than the compiler looks.
        let answer = Box::pin(schema.execute(lists)).await.data.into_json().unwrap_or_default();
        let all = |list: &'static str| answer["__schema"][list].as_array().into_iter().flatten();
        let fields = all("types").flat_map(|of| of["fields"].as_array().into_iter().flatten());
        Self {
            types: many(all("types").count()),
            directives: many(all("directives").count()),
            args: Count::of(fields.chain(all("directives")).map(|holder| &holder["args"])),
            of_a_type: OF_A_TYPE.map(|list| Count::of(all("types").map(|of| &of[list]))),
        }
    }

    /// What a field comes to whose selections come to `below`.
    pub(super) fn weigh(&self, field: &str, below: Weight) -> Weight {
        let list = |count: Count| Weight {
            average: 1.0 + count.average * (below.average + OBJECT),
            largest: 1.0 + count.largest * (below.largest + OBJECT),
        };
        if let Some(place) = OF_A_TYPE.iter().position(|list| *list == field) {
            return list(self.of_a_type[place]);
        }
        match field {
            "types" => Weight::both(1.0 + self.types * (below.average + OBJECT)),
            "directives" => Weight::both(1.0 + self.directives * (below.largest + OBJECT)),
            "args" => list(self.args),
            // Tools ask for nine of them inside each other, but few types have more than two.
            "ofType" => Weight::both(f64::midpoint(OBJECT, below.largest)),
            _ if below == Weight::default() => Weight::both(1.0),
            _ => Weight::both(OBJECT + below.largest),
        }
    }

    /// What the root field comes to, if it begins introspection. For each the engine looks through all types for those that
    /// may be seen.
    pub(super) fn opened(&self, field: &str, weight: Weight) -> f64 {
        match field {
            "__schema" => weight.average + self.types,
            "__type" => weight.largest + self.types,
            _ => 0.0,
        }
    }
}

/// A number of things, to be reckoned with.
pub(super) fn many(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

impl Count {
    fn of<'v>(lists: impl Iterator<Item = &'v Value>) -> Self {
        let (mut holders, mut sum, mut largest) = (0_u32, 0.0, 0.0_f64);
        for list in lists {
            let length = many(list.as_array().map_or(0, Vec::len));
            (holders, sum, largest) = (holders + 1, sum + length, largest.max(length));
        }
        Self { average: sum / f64::from(holders.max(1)), largest }
    }
}

impl Weight {
    const fn both(leaves: f64) -> Self {
        Self { average: leaves, largest: leaves }
    }

    /// Both together.
    pub(super) fn and(self, other: Self) -> Self {
        Self { average: self.average + other.average, largest: self.largest + other.largest }
    }
}
