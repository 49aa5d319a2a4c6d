//! Parses the arguments of the command.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::{Arg, Parser, ValueExt as _};

use super::Result;
use crate::audit::Severity;
use crate::browser::page_url::PageUrl;

pub(super) const USAGE: &str = "\
hardtack audits the cookies of saved HTTP responses.

usage: curl -si URL | hardtack audit --url URL [OPTIONS]
       hardtack audit [OPTIONS] FILE
       hardtack explain [RULE]

The input of `hardtack audit` is a file, or standard input:
  - the output of `curl -i`, `curl -iL` or `curl -v`, or another saved response that begins with a status line
  - a HAR file that a browser exported

options of `hardtack audit`:
  --url URL          the URL of the first response; a HAR file contains the URLs
  --method METHOD    the method of the request; a HAR file contains the methods
  --accept TYPES     the `Accept` header of the request; a HAR file contains the headers
  --format FORMAT    `table` (default), `json` or `sarif`
  --fail-on SEVERITY the severity from which a finding fails the audit: `high`, `medium` (default), `low`, `info` or `never`

exit codes:
  0  no finding is as severe as `--fail-on`
  1  at least one finding is as severe as `--fail-on`, or more severe
  2  an argument or the input is invalid

`hardtack explain RULE` explains a rule, such as `insecure`. `hardtack explain` lists all rules.
The options `--help` and `--version` print this text and the version.
";

/// The parsed command line.
#[derive(Debug)]
pub(super) enum Command {
    Help,
    Version,
    /// Explains one rule, or lists all rules.
    Explain(Option<String>),
    Audit(Audit),
}

/// The options of `hardtack audit`.
#[derive(Debug)]
pub(super) struct Audit {
    /// The input file. If there is no file, the command reads standard input.
    pub(super) file: Option<PathBuf>,
    pub(super) url: Option<PageUrl>,
    pub(super) method: Option<String>,
    pub(super) accept: Option<String>,
    pub(super) format: Format,
    /// The lowest severity that fails the audit. If there is none, no finding fails the audit.
    pub(super) fail_on: Option<Severity>,
}

/// The format of the reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Table,
    Json,
    Sarif,
}

impl Command {
    /// Parses the arguments. The first argument is the name of the program.
    pub(super) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command> {
        let mut parser = Parser::from_iter(arguments);
        match parser.next()? {
            None => {
                Err(format!("the command is missing; write `hardtack audit` or `hardtack explain`\n\n{USAGE}").into())
            }
            Some(Arg::Short('h') | Arg::Long("help")) => Ok(Command::Help),
            Some(Arg::Short('V') | Arg::Long("version")) => Ok(Command::Version),
            Some(Arg::Value(command)) if command == "audit" => Audit::parse(&mut parser),
            Some(Arg::Value(command)) if command == "explain" => parse_explain(&mut parser),
            Some(Arg::Value(command)) if command == "help" => Ok(Command::Help),
            Some(argument) => Err(unknown(&argument)),
        }
    }
}

impl Audit {
    fn parse(parser: &mut Parser) -> Result<Command> {
        let mut audit = Audit {
            file: None,
            url: None,
            method: None,
            accept: None,
            format: Format::Table,
            fail_on: Some(Severity::Medium),
        };
        let mut has_input = false;
        while let Some(argument) = parser.next()? {
            match argument {
                Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help),
                Arg::Long("url") => {
                    let url = PageUrl::parse(&parser.value()?.string()?);
                    audit.url = Some(url.ok_or(
                        "`--url` is not an http or https URL with an ASCII host and without user information; write it as in \
                         `--url https://shop.example/`, and an international name as in `xn--bcher-kva.example`",
                    )?);
                }
                Arg::Long("method") => audit.method = Some(parser.value()?.string()?),
                Arg::Long("accept") => audit.accept = Some(parser.value()?.string()?),
                Arg::Long("format") => {
                    audit.format = match parser.value()?.string()?.as_str() {
                        "table" => Format::Table,
                        "json" => Format::Json,
                        "sarif" => Format::Sarif,
                        other => {
                            return Err(format!("`{other}` is no format; write `table`, `json` or `sarif`").into());
                        }
                    };
                }
                Arg::Long("fail-on") => {
                    audit.fail_on = match parser.value()?.string()?.as_str() {
                        "high" => Some(Severity::High),
                        "medium" => Some(Severity::Medium),
                        "low" => Some(Severity::Low),
                        "info" => Some(Severity::Info),
                        "never" => None,
                        other => {
                            return Err(format!(
                                "`{other}` is no severity; write `high`, `medium`, `low`, `info` or `never`"
                            )
                            .into());
                        }
                    };
                }
                Arg::Value(path) if !has_input => {
                    has_input = true;
                    audit.file = Some(path).filter(|path| path != "-").map(PathBuf::from);
                }
                Arg::Value(_) => {
                    return Err("`hardtack audit` reads one file; run the command once for each file".into());
                }
                argument => return Err(unknown(&argument)),
            }
        }
        Ok(Command::Audit(audit))
    }
}

fn parse_explain(parser: &mut Parser) -> Result<Command> {
    let mut rule = None;
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help),
            Arg::Value(value) if rule.is_none() => rule = Some(value.string()?),
            Arg::Value(_) => return Err("`hardtack explain` explains one rule; write one id".into()),
            argument => return Err(unknown(&argument)),
        }
    }
    Ok(Command::Explain(rule))
}

fn unknown(argument: &Arg<'_>) -> Box<dyn std::error::Error> {
    let argument = match argument {
        Arg::Short(short) => format!("-{short}"),
        Arg::Long(long) => format!("--{long}"),
        Arg::Value(value) => value.to_string_lossy().into_owned(),
    };
    format!("unknown argument `{argument}`\n\n{USAGE}").into()
}

#[cfg(test)]
mod tests {
    use super::{Audit, Command, Format};
    use crate::audit::Severity;

    fn parse(arguments: &str) -> Result<Command, String> {
        let arguments = ["hardtack"].into_iter().chain(arguments.split(' ').filter(|word| !word.is_empty()));
        Command::parse(arguments.map(Into::into)).map_err(|error| error.to_string())
    }

    fn audit(arguments: &str) -> Audit {
        match parse(&format!("audit {arguments}")) {
            Ok(Command::Audit(audit)) => audit,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn options_have_defaults() {
        let options = audit("");
        assert!(
            options.file.is_none() && options.url.is_none() && options.method.is_none() && options.accept.is_none()
        );
        assert_eq!((options.format, options.fail_on), (Format::Table, Some(Severity::Medium)));
        let options =
            audit("--url=https://Shop.example --method POST --accept */* --format sarif --fail-on never a.txt");
        assert_eq!(options.url.map(|url| url.to_string()).as_deref(), Some("https://shop.example/"));
        assert_eq!((options.method.as_deref(), options.accept.as_deref()), (Some("POST"), Some("*/*")));
        assert_eq!((options.format, options.fail_on), (Format::Sarif, None));
        assert_eq!(options.file.as_deref(), Some(std::path::Path::new("a.txt")));
        assert!(audit("-").file.is_none());
        for (word, severity) in
            [("high", Severity::High), ("medium", Severity::Medium), ("low", Severity::Low), ("info", Severity::Info)]
        {
            assert_eq!(audit(&format!("--fail-on {word}")).fail_on, Some(severity));
        }
        assert!(matches!(parse("explain"), Ok(Command::Explain(None))));
        assert!(matches!(parse("explain insecure"), Ok(Command::Explain(Some(rule))) if rule == "insecure"));
        for help in ["--help", "-h", "help", "audit --help", "explain -h"] {
            assert!(matches!(parse(help), Ok(Command::Help)), "{help}");
        }
        assert!(matches!(parse("-V"), Ok(Command::Version)));
    }

    #[test]
    fn invalid_arguments_have_an_error() {
        for (arguments, message) in [
            ("", "the command is missing"),
            ("scan", "unknown argument `scan`"),
            ("--url https://shop.example/", "unknown argument `--url`"),
            ("audit --xml", "unknown argument `--xml`"),
            ("audit -x", "unknown argument `-x`"),
            ("audit --url", "missing argument for option '--url'"),
            ("audit --url shop.example", "`--url` is not an http or https URL"),
            ("audit --url ftp://shop.example", "`--url` is not an http or https URL"),
            ("audit --url https://user@shop.example", "`--url` is not an http or https URL"),
            ("audit --format xml", "`xml` is no format"),
            ("audit --fail-on critical", "`critical` is no severity"),
            ("audit a b", "reads one file"),
            ("audit a -", "reads one file"),
            ("audit - a", "reads one file"),
            ("explain a b", "explains one rule"),
            ("explain --all", "unknown argument `--all`"),
        ] {
            let error = parse(arguments).unwrap_err();
            assert!(error.starts_with(message) || error.contains(message), "{arguments}: {error}");
        }
    }
}
