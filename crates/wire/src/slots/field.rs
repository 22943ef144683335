//! Reading field lines: the plain ones fast, the odd ones by the rule that they break.

use memchr::memchr;

use super::{Slot, Slots, Span};
use crate::kind::Kind;
use crate::rule::Rule;
use crate::scan;
use crate::terms::{MAX_FIELDS, Terms};

impl Slots {
    #[inline]
    pub(super) fn read_fields(&mut self, buf: &[u8], terms: &Terms) -> Result<Option<usize>, Rule> {
        loop {
            let line = &buf[self.at..];
            let next = match line {
                [] | [b'\r'] => return Ok(None),
                [b'\r', b'\n', ..] => return Ok(Some(self.at + 2)),
                [b'\r', ..] => return Err(Rule::BareCr),
                [b'\n', ..] => {
                    terms.relaxed.excuse(Rule::BareLf, &mut self.used)?;
                    return Ok(Some(self.at + 1));
                }
                [b' ' | b'\t', ..] => self.read_fold(buf, terms)?,
                _ => self.read_field(buf, terms)?,
            };
            match next {
                Some(next) => self.at = next,
                None => return Ok(None),
            }
        }
    }

    /// One `name: value` line; where the next one starts.
    #[inline]
    fn read_field(&mut self, buf: &[u8], terms: &Terms) -> Result<Option<usize>, Rule> {
        let line = &buf[self.at..];
        let (length, underscore) = scan::token_run(line);
        match line.get(length) {
            None => return Ok(None),
            Some(b':') if length > 0 => {}
            Some(_) => return self.read_odd_name(buf, terms),
        }
        let name = Span::new(self.at, self.at + length);
        let kind = if underscore { self.underscore(terms) } else { Kind::of(&line[..length]) };
        self.read_value(buf, self.at + length + 1, name, kind, terms)
    }

    fn underscore(&mut self, terms: &Terms) -> Kind {
        match terms.relaxed.excuse(Rule::UnderscoreName, &mut self.used) {
            Ok(()) => Kind::Other,
            Err(_) => Kind::Dropped,
        }
    }

    #[inline]
    fn read_value(
        &mut self,
        buf: &[u8],
        from: usize,
        name: Span,
        kind: Kind,
        terms: &Terms,
    ) -> Result<Option<usize>, Rule> {
        let Some((value, next)) = self.value(buf, from, kind, terms)? else { return Ok(None) };
        self.push(Slot { name, value, kind }, terms)?;
        Ok(Some(next))
    }

    /// The value between `from` and the end of its line, trimmed, and where the next line starts.
    #[inline]
    fn value(
        &mut self,
        buf: &[u8],
        from: usize,
        kind: Kind,
        terms: &Terms,
    ) -> Result<Option<(Span, usize)>, Rule> {
        let mut start = from;
        while let Some(b' ' | b'\t') = buf.get(start) {
            start += 1;
        }
        let mut end = start;
        let next = loop {
            end += scan::value_run(&buf[end..]);
            match &buf[end..] {
                [] | [b'\r'] => return Ok(None),
                [b'\r', b'\n', ..] => break end + 2,
                [b'\n', ..] => {
                    terms.relaxed.excuse(Rule::BareLf, &mut self.used)?;
                    break end + 1;
                }
                [odd, ..] => {
                    self.odd_byte(*odd, kind, terms)?;
                    end += 1;
                }
            }
        };
        while end > start && buf[end - 1] <= b' ' {
            end -= 1;
        }
        Ok(Some((Span::new(start, end), next)))
    }

    /// A control byte in a value: may be excused where the value means nothing to us.
    #[cold]
    fn odd_byte(&mut self, byte: u8, kind: Kind, terms: &Terms) -> Result<(), Rule> {
        let rule = match byte {
            b'\r' => Rule::BareCr,
            0 => Rule::Nul,
            _ => Rule::ControlByte,
        };
        if matches!(kind, Kind::Other | Kind::Dropped) {
            terms.relaxed.excuse(rule, &mut self.used)
        } else {
            Err(rule)
        }
    }

    fn push(&mut self, slot: Slot, terms: &Terms) -> Result<(), Rule> {
        if self.count >= terms.fields.min(MAX_FIELDS) {
            return Err(Rule::TooManyFields);
        }
        self.fields[self.count] = slot;
        self.count += 1;
        Ok(())
    }

    /// A line whose name does not end in a colon: which rule it breaks is known only from the whole line.
    #[cold]
    fn read_odd_name(&mut self, buf: &[u8], terms: &Terms) -> Result<Option<usize>, Rule> {
        let line = &buf[self.at..];
        let Some(lf) = memchr(b'\n', line) else { return Ok(None) };
        let line = line[..lf].strip_suffix(b"\r").unwrap_or(&line[..lf]);
        let colon = memchr(b':', line);
        let before = &line[..colon.unwrap_or(line.len())];
        if before.contains(&b'\r') {
            return Err(Rule::BareCr);
        }
        if before.contains(&0) {
            return Err(Rule::Nul);
        }
        let word = scan::trim(before);
        let rule = match colon {
            None => Rule::NoColon,
            Some(0) => Rule::EmptyName,
            Some(_) if scan::is_token(word) => Rule::SpaceBeforeColon,
            Some(_) => Rule::BadName,
        };
        terms.relaxed.excuse(rule, &mut self.used)?;
        let from = self.at + colon.map_or(line.len(), |colon| colon + 1);
        if rule == Rule::SpaceBeforeColon {
            let kind = if word.contains(&b'_') { self.underscore(terms) } else { Kind::of(word) };
            return self.read_value(
                buf,
                from,
                Span::new(self.at, self.at + word.len()),
                kind,
                terms,
            );
        }
        self.read_value(buf, from, Span::new(self.at, self.at), Kind::Dropped, terms)
    }

    /// A line that starts with a space: once the continuation of the value before it.
    #[cold]
    fn read_fold(&mut self, buf: &[u8], terms: &Terms) -> Result<Option<usize>, Rule> {
        let Some(last) = self.all().last().copied() else { return Err(Rule::ObsFold) };
        if !matches!(last.kind, Kind::Other | Kind::Dropped) {
            return Err(Rule::ObsFold);
        }
        terms.relaxed.excuse(Rule::ObsFold, &mut self.used)?;
        let Some((more, next)) = self.value(buf, self.at, last.kind, terms)? else {
            return Ok(None);
        };
        if !more.is_empty() {
            let value = &mut self.fields[self.count - 1].value;
            let start = if value.is_empty() { more.start } else { value.start };
            *value = Span { start, end: more.end };
        }
        Ok(Some(next))
    }
}
