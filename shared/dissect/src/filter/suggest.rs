//! Names like one that does not exist.

/// `; did you mean A or B?`, from the names that are most like `wrong`; `None` when none is like it.
pub(super) fn did_you_mean<'n>(
    wrong: &str,
    names: impl Iterator<Item = &'n str>,
) -> Option<String> {
    let wrong = wrong.to_ascii_lowercase();
    let likeness = |name: &str| {
        let lower = name.to_ascii_lowercase();
        let last = lower.rsplit('.').next().unwrap_or("");
        // The last part alone is what people remember; a part of a name is a name not finished.
        let whole = strsim::normalized_damerau_levenshtein(&wrong, &lower);
        let part = if wrong.len() > 2 && lower.contains(&wrong) { 0.8 } else { 0.0 };
        let end = if last == wrong { 0.9 } else { 0.0 };
        whole.max(part).max(end)
    };
    let mut best: Vec<(f64, &str)> =
        names.map(|name| (likeness(name), name)).filter(|(likeness, _)| *likeness > 0.6).collect();
    best.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.len().cmp(&other.1.len())));
    let named: Vec<&str> = best.iter().take(3).map(|(_, name)| *name).collect();
    (!named.is_empty()).then(|| format!("; did you mean {}?", named.join(" or ")))
}
