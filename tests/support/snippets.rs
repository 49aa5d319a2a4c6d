//! Extracts code from text: a code block from a page of the docs, or the marked regions of a source file.

/// Returns the text of the code block in `language` below the comment `<!-- name -->`.
pub(crate) fn code_block<'a>(page: &'a str, name: &str, language: &str) -> &'a str {
    let opening = format!("<!-- {name} -->\n```{language}\n");
    let after = page.split_once(&*opening).unwrap_or_else(|| panic!("the page has no {opening}")).1;
    after.split_once("```\n").unwrap().0
}

/// Returns the name and the text of each region between `// migration: name` and `// migration: end`. Removes the
/// region's indentation from the text.
pub(crate) fn regions(source: &str) -> Vec<(String, String)> {
    let mut regions = Vec::new();
    let mut rest = source;
    while let Some((before, after)) = rest.split_once("// migration: ") {
        let indentation = before.rsplit('\n').next().unwrap_or_default();
        let (name, after) = after.split_once('\n').unwrap();
        let (text, after) = after.split_once("// migration: end").unwrap_or_else(|| panic!("{name} has no end"));
        // Remove the indentation of the region's closing comment.
        let text = &text[..text.rfind('\n').unwrap() + 1];
        let lines = text.lines().map(|line| line.strip_prefix(indentation).unwrap_or(line));
        regions.push((name.to_owned(), lines.flat_map(|line| [line, "\n"]).collect()));
        rest = after;
    }
    regions
}
