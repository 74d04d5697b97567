//! How settings are declared: one entry says field, type, default, meaning, range and flag.

/// Makes a section of settings: a struct that TOML reads, missing values at their defaults.
#[doc(hidden)]
#[macro_export]
macro_rules! settings_section {
    (
        $(#[$attribute:meta])*
        $section:ident {$(
            $(#[doc = $meaning:literal])+
            $(#[serde($($rule:tt)+)])?
            $field:ident: $kind:ty = $default:expr;
        )+}
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default)]
        pub struct $section {$(
            $(#[doc = $meaning])+
            $(#[serde($($rule)+)])?
            pub $field: $kind,
        )+}

        impl Default for $section {
            fn default() -> Self {
                Self { $($field: $default),+ }
            }
        }
    };
}

/// Declares sections of settings and [`SECTION_KEYS`](super::sections), their keys.
///
/// An entry `/// Meaning. field: Type = default, accepts, "flag";` is a field of its section and a key
/// `table.field`; the flag may be left out. A key that older runs do not have is kept out of their
/// names by `#[serde(skip_serializing_if = "is_default")]` between meaning and field, with a type whose
/// default it is.
macro_rules! settings {
    ($(
        $(#[$attribute:meta])*
        $table:ident: $section:ident {$(
            $(#[doc = $meaning:literal])+
            $(#[serde($($rule:tt)+)])?
            $field:ident: $kind:ty = $default:expr, $accepts:expr $(, $flag:literal)?;
        )+}
    )+) => {
        $(
            $crate::settings_section! {
                $(#[$attribute])*
                $section {$(
                    $(#[doc = $meaning])+
                    $(#[serde($($rule)+)])?
                    $field: $kind = $default;
                )+}
            }
        )+

        /// The keys of all sections that are declared here.
        pub(super) static SECTION_KEYS: &[Key] = &[$($(
            Key {
                path: concat!(stringify!($table), ".", stringify!($field)),
                meaning: concat!($($meaning),+),
                accepts: $accepts,
                flag: [$($flag,)? ""][0],
                value: |file| value_of(&file.settings.$table.$field),
            },
        )+)+];
    };
}

pub(super) use settings;
