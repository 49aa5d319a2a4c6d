//! A page of the docs in, one of its code blocks out: by the comment that stands above the block.

/// The text of the block below `<!-- name -->`, which says that it is in `language`.
pub(crate) fn block<'a>(page: &'a str, name: &str, language: &str) -> &'a str {
    let opening = format!("<!-- {name} -->\n```{language}\n");
    let after = page.split_once(&*opening).unwrap_or_else(|| panic!("the page has no {opening}")).1;
    after.split_once("```\n").unwrap().0
}

/// The parts of a source file between `// migration: name` and `// migration: end`: their names and their text, without
/// the indentation that they have there.
pub(crate) fn regions(source: &str) -> Vec<(String, String)> {
    let mut regions = Vec::new();
    let mut rest = source;
    while let Some((before, after)) = rest.split_once("// migration: ") {
        let indentation = before.rsplit('\n').next().unwrap_or_default();
        let (name, after) = after.split_once('\n').unwrap();
        let (text, after) = after.split_once("// migration: end").unwrap_or_else(|| panic!("{name} has no end"));
        // What stands before the closing comment is its indentation.
        let text = &text[..text.rfind('\n').unwrap() + 1];
        let lines = text.lines().map(|line| line.strip_prefix(indentation).unwrap_or(line));
        regions.push((name.to_owned(), lines.flat_map(|line| [line, "\n"]).collect()));
        rest = after;
    }
    regions
}
