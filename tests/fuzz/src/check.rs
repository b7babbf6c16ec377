//! A sink that checks what every walk over a packet promises.

use pw_dissect::Fault;
use pw_dissect::fields::{Field, Form, Sink, Span, Value};

/// Counts fields, and fails where a walk breaks its promises.
pub struct CheckedSink {
    captured: u64,
    depth: u32,
    fields: u64,
}

impl CheckedSink {
    /// For a packet of so many captured bytes.
    #[must_use]
    pub fn new(captured: usize) -> Self {
        Self { captured: captured as u64, depth: 0, fields: 0 }
    }

    /// To be called after the walk.
    ///
    /// # Panics
    /// A field was opened and not closed, or there are more fields than so many bytes can hold.
    pub fn finish(self) {
        assert_eq!(self.depth, 0, "a field was opened and not closed");
        // Bits are fields: the densest formats name about ten fields a byte.
        let most = 512 + 64 * self.captured;
        assert!(self.fields <= most, "{} fields of {} bytes", self.fields, self.captured);
    }
}

impl Sink for CheckedSink {
    fn field(&mut self, field: &'static Field, value: Value<'_>, span: Span) {
        self.fields += 1;
        let end = u64::from(span.start) + u64::from(span.length);
        assert!(end <= self.captured, "{} lies at {span:?} of {}", field.name, self.captured);
        let fits = matches!(
            (value, field.form),
            (Value::Nothing | Value::Word(_), _)
                | (_, Form::Branch)
                | (Value::Flag(_), Form::Flag)
                | (Value::Unsigned(_), Form::Unsigned | Form::Hex(_) | Form::Time)
                | (Value::Signed(_), Form::Signed | Form::Time)
                | (Value::Float(_), Form::Float)
                | (Value::Address(_), Form::Address)
                | (Value::Bytes(_), Form::Bytes | Form::Text)
        );
        assert!(fits, "{} has form {:?} and value {value:?}", field.name, field.form);
    }

    fn open(&mut self, field: &'static Field, value: Value<'_>, span: Span) {
        self.field(field, value, span);
        self.depth += 1;
    }

    fn close(&mut self) {
        assert!(self.depth > 0, "a field was closed that was not open");
        self.depth -= 1;
    }

    fn fault(&mut self, fault: Fault) {
        self.fields += 1;
        assert!(u64::from(fault.offset) <= self.captured, "{fault:?} of {}", self.captured);
    }
}
