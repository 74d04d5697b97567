//! From the values of a CSV line to a row type, as spreadsheet programs and data frames write them: whole
//! numbers as `1.0` or `1e2`, truth as `True`, absence as nothing or `NaN`. What is wrong is told by
//! column and in the words of whoever made the file.

use std::fmt;

use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

/// Largest fraction or return that is read. Runs write none that comes near; beyond about 1e300 the
/// arithmetic of means and axes overflows.
const LARGEST: f64 = 1e9;

/// Largest whole number up to which every one has a floating point form of its own.
const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;

/// Why a value is not what its column holds.
#[derive(Debug)]
pub(super) struct CsvValueError {
    /// Position of the column in the line; absent while the value itself is read.
    pub(super) column: Option<usize>,
    /// What it would have to be.
    pub(super) expected: String,
}

impl CsvValueError {
    fn expected(expected: impl Into<String>) -> Self {
        Self { column: None, expected: expected.into() }
    }
}

impl fmt::Display for CsvValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not {}", self.expected)
    }
}

impl std::error::Error for CsvValueError {}

impl serde::de::Error for CsvValueError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::expected(format!("accepted: {message}"))
    }
}

/// The columns of the row type `R`, as its fields are declared.
pub(super) fn columns_of<R: DeserializeOwned>() -> &'static [&'static str] {
    let mut columns: &'static [&'static str] = &[];
    // Reading fails, once the type has said what it wants to read.
    drop(R::deserialize(Ask(&mut columns)));
    columns
}

/// Reads a row from values: of every field the value that holds it, or nothing. A field without a value
/// gets what stands for absence: none, an empty text, 0 or NaN.
pub(super) fn read_row<'a, R: DeserializeOwned>(
    values: impl Iterator<Item = Option<(usize, &'a str)>>,
) -> Result<R, CsvValueError> {
    R::deserialize(Row(values))
}

struct Ask<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Ask<'_> {
    type Error = CsvValueError;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, CsvValueError> {
        *self.0 = fields;
        Err(CsvValueError::expected("a row"))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, CsvValueError> {
        Err(CsvValueError::expected("a row"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

struct Row<I>(I);

impl<'a, 'de, I: Iterator<Item = Option<(usize, &'a str)>>> Deserializer<'de> for Row<I> {
    type Error = CsvValueError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CsvValueError> {
        visitor.visit_seq(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'a, 'de, I: Iterator<Item = Option<(usize, &'a str)>>> SeqAccess<'de> for Row<I> {
    type Error = CsvValueError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, CsvValueError> {
        let Some(place) = self.0.next() else { return Ok(None) };
        let column = place.map(|(column, _)| column);
        let value = seed.deserialize(CsvValue(place.map(|(_, text)| text)));
        value.map(Some).map_err(|error| CsvValueError { column, ..error })
    }
}

/// A value's text without the blanks around it, or none where the file lacks the column.
#[derive(Clone, Copy)]
struct CsvValue<'a>(Option<&'a str>);

/// A number that `text` is. A comma in it is named, because it may stand for a decimal point.
fn number(text: &str) -> Result<f64, CsvValueError> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number.abs() > LARGEST => {
            Err(CsvValueError::expected("a number of at most 1e9 in size"))
        }
        Ok(number) if number.is_finite() => Ok(number),
        Err(_) if text.replacen(',', ".", 1).parse::<f64>().is_ok() => Err(
            CsvValueError::expected("a finite number (numbers have a decimal point, not a comma)"),
        ),
        _ => Err(CsvValueError::expected("a finite number")),
    }
}

fn whole(text: &str) -> Result<u64, CsvValueError> {
    if let Ok(number) = text.parse() {
        return Ok(number);
    }
    match text.parse::<f64>() {
        Ok(number) if number.fract() == 0.0 && (0.0..LARGEST_EXACT).contains(&number) => {
            Ok(number as u64)
        }
        Ok(number) if number.fract() == 0.0 && number >= LARGEST_EXACT => {
            Err(CsvValueError::expected(
                "a whole number in full (another program has rounded it; write its columns as text)",
            ))
        }
        _ => Err(CsvValueError::expected("a whole number from 0 on")),
    }
}

fn truth(text: &str) -> Result<bool, CsvValueError> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "1.0" => Ok(true),
        "false" | "0" | "0.0" => Ok(false),
        _ => Err(CsvValueError::expected("true or false")),
    }
}

macro_rules! whole_numbers {
    ($($method:ident $visit:ident $type:ty,)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CsvValueError> {
            let number = self.0.map_or(Ok(0), whole)?;
            let largest = <$type>::MAX;
            let number = <$type>::try_from(number)
                .map_err(|_| CsvValueError::expected(format!("a whole number from 0 to {largest}")))?;
            visitor.$visit(number)
        }
    )*};
}

impl<'de> Deserializer<'de> for CsvValue<'_> {
    type Error = CsvValueError;

    whole_numbers! {
        deserialize_u8 visit_u8 u8,
        deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32,
        deserialize_u64 visit_u64 u64,
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CsvValueError> {
        visitor.visit_bool(self.0.map_or(Ok(false), truth)?)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CsvValueError> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CsvValueError> {
        visitor.visit_f64(self.0.map_or(Ok(f64::NAN), number)?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CsvValueError> {
        match self.0 {
            Some(text) if !text.is_empty() && !text.eq_ignore_ascii_case("nan") => {
                visitor.visit_some(self).map_err(|error| CsvValueError {
                    expected: format!("{} or nothing", error.expected),
                    ..error
                })
            }
            _ => visitor.visit_none(),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, CsvValueError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CsvValueError> {
        visitor.visit_str(self.0.unwrap_or_default())
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CsvValueError> {
        self.deserialize_str(visitor)
    }

    /// For values that are a number or a word.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CsvValueError> {
        match self.0 {
            None => visitor.visit_u64(0),
            Some(text) => match whole(text) {
                Ok(number) => visitor.visit_u64(number),
                Err(_) => visitor.visit_str(text),
            },
        }
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u128 char bytes byte_buf unit unit_struct seq tuple tuple_struct map struct
        enum identifier ignored_any
    }
}
