//! Bit fields as tables, and the macro that declares the fields of a family of elements.

use crate::bytes::little_endian;
use crate::fields::{Field, Form, Reader, Row, Span, Value, Walk};

/// One field of a row of bits.
pub(crate) struct Bit {
    /// Lowest bit; bit 0 is the least significant of the first byte.
    pub(crate) low: u32,
    /// Bits.
    pub(crate) count: u32,
    /// The field.
    pub(crate) field: Field,
}

/// Bytes whose bits are fields, least significant bit first.
#[derive(Clone, Copy)]
pub(crate) struct Bits<'b>(pub(crate) &'b [u8]);

impl Bits<'_> {
    /// Bits `low` to `low + count - 1`, at most 57 of them; 0 for those beyond the bytes.
    #[inline]
    pub(crate) fn get(self, low: u32, count: u32) -> u64 {
        let first = usize::try_from(low >> 3).unwrap_or(usize::MAX);
        let value = little_endian(self.0.get(first..).unwrap_or(&[]));
        let mask = 1u64.checked_shl(count).map_or(u64::MAX, |limit| limit.wrapping_sub(1));
        value >> (low & 7) & mask
    }

    /// Bit `bit`.
    pub(crate) fn is_set(self, bit: u32) -> bool {
        self.get(bit, 1) != 0
    }
}

/// Reads `length` bytes, names them as a whole and by the fields of `layout`. Fields that begin
/// beyond the bytes are not there.
pub(crate) fn bits<'b>(
    walk: &mut Walk<'_>,
    reader: &mut Reader<'b>,
    field: &'static Field,
    length: usize,
    layout: &'static [Bit],
) -> Option<Bits<'b>> {
    let start = reader.offset();
    let bytes = reader.take(length)?;
    let all = Bits(bytes);
    let value = match field.form {
        Form::Bytes => Value::Bytes(bytes),
        Form::Branch => Value::Nothing,
        _ => Value::Unsigned(Reader::new(bytes, 0).little_endian(length).unwrap_or(0)),
    };
    let row = Row::of_bytes(field, layout, bytes);
    walk.row(field, value, Span::new(start, length), row, |walk| {
        for bit in layout {
            let first = usize::try_from(bit.low >> 3).unwrap_or(usize::MAX);
            if first >= length {
                continue;
            }
            // Of a field that is cut, what is there.
            let last = usize::try_from(bit.low.saturating_add(bit.count).saturating_sub(1) >> 3)
                .unwrap_or(usize::MAX)
                .min(length.saturating_sub(1));
            let span = Span::new(
                start.saturating_add(first),
                last.saturating_sub(first).saturating_add(1),
            );
            let value = all.get(bit.low, bit.count);
            let value = match bit.field.form {
                Form::Flag => Value::Flag(value != 0),
                _ => Value::Unsigned(value),
            };
            walk.field(&bit.field, value, span);
        }
    });
    Some(all)
}

/// The name at `value` of a list.
pub(crate) fn pick(names: &[&'static str], value: u64) -> Option<&'static str> {
    let name = usize::try_from(value).ok().and_then(|at| names.get(at)).copied();
    name.filter(|name| !name.is_empty())
}

/// Declares the fields of a family of elements: `FIELDS` and `LAYOUTS` for the register.
///
/// Groups of fields under the clause that defines them come first, then tables of bits: lowest bit,
/// number of bits, field.
macro_rules! element_fields {
    (
        $( fields $clause:literal {
            $( $name:ident : $kind:ident ( $filter:literal, $label:literal $(, $more:expr)* ) $( . $method:ident ( $($value:expr),* $(,)? ) )* ; )*
        } )*
        $( layout $table:ident $table_clause:literal {
            $( $low:literal, $count:literal : $bit_kind:ident ( $bit_filter:literal, $bit_label:literal $(, $bit_more:expr)* ) $( . $bit_method:ident ( $($bit_value:expr),* $(,)? ) )* ; )*
        } )*
    ) => {
        $( $(
            #[doc = $label]
            pub static $name: $crate::fields::Field = $crate::fields::Field::$kind($filter, $label $(, $more)*)
                .clause($clause)
                $( .$method($($value),*) )*
                .part($crate::fields::Part::Element);
        )* )*
        /// The fields of this family.
        pub(super) static FIELDS: &[&$crate::fields::Field] = &[$( $(&$name),* ),*];
        $(
            pub(super) static $table: &[$crate::describe::elements::Bit] = &[$( $crate::describe::elements::Bit {
                low: $low,
                count: $count,
                field: $crate::fields::Field::$bit_kind($bit_filter, $bit_label $(, $bit_more)*)
                    .clause($table_clause)
                    $( .$bit_method($($bit_value),*) )*
                    .part($crate::fields::Part::Element),
            } ),*];
        )*
        /// The tables of bits of this family.
        pub(super) static LAYOUTS: &[&[$crate::describe::elements::Bit]] = &[$($table),*];
    };
}
pub(crate) use element_fields;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_across_bytes() {
        let bits = Bits(&[0b1000_0001, 0b0000_0011, 0xff]);
        assert_eq!(bits.get(0, 1), 1);
        assert_eq!(bits.get(7, 3), 0b111);
        assert_eq!(bits.get(7, 4), 0b0111);
        assert_eq!(bits.get(20, 8), 0x0f, "beyond the bytes is zero");
        assert!(!bits.is_set(400));
    }
}
