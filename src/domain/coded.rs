//! Enumerations that are stored as numbers and told by names.

/// Declares one: `coded! { /// What it is. Name { Variant = 1 "NAME" "What it means."; } }`.
macro_rules! coded {
    ($(#[doc = $about:literal])* $name:ident { $($variant:ident = $number:literal $word:literal $doc:literal;)* }) => {
        $(#[doc = $about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name { $(#[doc = $doc] $variant = $number),* }

        impl $name {
            /// Every one, by number.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its number in the database.
            pub const fn number(self) -> i64 {
                self as i64
            }

            /// The one with this number.
            pub fn from_number(number: i64) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.number() == number)
            }

            /// Its name in GraphQL.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// The one with this name, in any letter case and with `-` in the place of `_`.
            pub fn from_name(name: &str) -> Option<Self> {
                let name = name.trim().replace('-', "_");
                Self::ALL.iter().copied().find(|one| one.name().eq_ignore_ascii_case(&name))
            }
        }
    };
}
pub(crate) use coded;
