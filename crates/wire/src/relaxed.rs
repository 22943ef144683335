//! A set of rules: those an operator relaxed, or those a message was accepted under.

use std::fmt;

use crate::rule::{RULES, Rule};

/// A set of [`Rule`]s in one word.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Relaxed(u64);

// One bit each.
const _: () = assert!(RULES.len() <= 64);

/// Why a name cannot be relaxed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unrelaxable {
    /// No rule has this name.
    Unknown(String),
    /// The rule has no safe meaning to fall back to.
    Never(Rule),
}

impl Relaxed {
    /// No rule at all: the default.
    pub const NONE: Self = Self(0);

    /// The set of exactly these rules.
    pub const fn of(rules: &[Rule]) -> Self {
        let mut bits = 0;
        let mut i = 0;
        while i < rules.len() {
            bits |= 1 << rules[i] as u8;
            i += 1;
        }
        Self(bits)
    }

    /// Every rule that can be relaxed.
    pub fn all() -> Self {
        RULES.iter().filter(|rule| rule.relaxable()).fold(Self::NONE, |set, &rule| set.with(rule))
    }

    /// The set named in a configuration.
    pub fn parse<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Result<Self, Unrelaxable> {
        let mut set = Self::NONE;
        for name in names {
            let name = name.as_ref();
            let rule = Rule::named(name).ok_or_else(|| Unrelaxable::Unknown(name.to_owned()))?;
            if !rule.relaxable() {
                return Err(Unrelaxable::Never(rule));
            }
            set = set.with(rule);
        }
        Ok(set)
    }

    /// The set with `rule` in it.
    #[must_use]
    pub const fn with(self, rule: Rule) -> Self {
        Self(self.0 | 1 << rule as u8)
    }

    /// What is in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether `rule` is in the set.
    pub const fn has(self, rule: Rule) -> bool {
        self.0 & (1 << rule as u8) != 0
    }

    /// Whether the sets share a rule.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether no rule is in it; true for nearly every message.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The rules in the set, in the order of the table.
    pub fn iter(self) -> impl Iterator<Item = Rule> {
        RULES.iter().copied().filter(move |&rule| self.has(rule))
    }

    /// Notes in `used` that `rule` was broken if this set allows it, else refuses.
    #[cold]
    pub(crate) fn excuse(self, rule: Rule, used: &mut Self) -> Result<(), Rule> {
        if self.has(rule) {
            *used = used.with(rule);
            Ok(())
        } else {
            Err(rule)
        }
    }
}

impl fmt::Debug for Relaxed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Rule::name)).finish()
    }
}

impl fmt::Display for Unrelaxable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(name) => {
                write!(f, "there is no rule {name:?}; the rules that can be relaxed are ")?;
            }
            Self::Never(rule) => write!(
                f,
                "{:?} cannot be relaxed, since parsers disagree on what such a message means; the rules that can be relaxed are ",
                rule.name()
            )?,
        }
        for (i, rule) in Relaxed::all().iter().enumerate() {
            write!(f, "{}{}", if i == 0 { "" } else { ", " }, rule.name())?;
        }
        Ok(())
    }
}

impl std::error::Error for Unrelaxable {}
