//! `leadkeep import`.

use std::{
    fs::OpenOptions,
    io::{self, BufWriter, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use leadkeep::{
    app::import::{self, Counts, Report, Request, Verdict, Watcher},
    domain::{Channel, Field, Id},
    import::{Column, Encoding, Format, Options, Preset, Reader, Reject, Target, header, rejects},
    policy::{Level, Marking, Refusal},
};
use serde_json::json;

use super::{Exit, Failure, find, operator::Operator, output};

const AFTER_HELP: &str = "\
Delimiter, encoding, byte order mark, quoting and column names are found out and said in the report; a column that \
nothing names is left out and reported. Files of Salesforce, HubSpot, SuiteCRM and Datablist are recognised.

A row is a lead of the list if it has the lead's reference, else its e-mail address, else its telephone number, each only \
together with a name that bears it out: e-mail with a name that does not contradict, a telephone with the same first name \
and the same last name or its initial. It then adds what the lead lacks and replaces nothing. So the same file twice adds \
nothing. A row that answers to two leads is rejected. docs/decisions/0008-import-merge-rule.md tells the whole rule.

Rows that cannot be taken go to FILE.rejects.csv with line, column and reason; correct them there and import that file.

Examples:
  leadkeep import leads.csv --dry-run
  leadkeep import leads.csv --team EMEA --owner rita@company.com
  leadkeep import export.csv --map 'Email 1=email' --map 'Fax=-' --save-mapping erp
  leadkeep import export.csv --mapping erp --region DE";

/// Rejects and merges shown on the screen.
const SHOWN: usize = 20;

/// Import leads from a CSV file, vCards, or an export of LinkedIn, X or Facebook
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Import {
    /// The file
    file: PathBuf,
    /// Only say what would be created, merged and rejected
    #[arg(long)]
    dry_run: bool,
    /// What a column means: a lead field, email, phone, name (first and last in one), since (when the contact came about), deleted, or - to leave it out
    #[arg(long, value_name = "COLUMN=FIELD", value_parser = header::parse_mapping)]
    map: Vec<(String, Target)>,
    /// Use the mapping saved under this name
    #[arg(long, value_name = "NAME")]
    mapping: Option<String>,
    /// Save the mapping under this name
    #[arg(long, value_name = "NAME")]
    save_mapping: Option<String>,
    /// What kind of file it is: csv, linkedin, vcard, x, facebook [default: found out]
    #[arg(long, value_name = "FORMAT", value_parser = format)]
    format: Option<Format>,
    /// The system the file comes from: salesforce, hubspot, suitecrm, datablist, linkedin, leadkeep
    #[arg(long, value_name = "NAME", value_parser = preset)]
    preset: Option<Preset>,
    /// What separates cells; `tab` for a tab
    #[arg(long, value_name = "CHARACTER", value_parser = delimiter)]
    delimiter: Option<u8>,
    /// The encoding, for example windows-1252
    #[arg(long, value_name = "NAME", value_parser = encoding)]
    encoding: Option<Encoding>,
    /// Region of telephone numbers written without a country [default: US]
    #[arg(long, value_name = "CODE")]
    region: Option<String>,
    /// Owner (e-mail address or id) of new leads whose row names nobody of the company
    #[arg(long, value_name = "WHO")]
    owner: Option<String>,
    /// Team of new leads whose row names none
    #[arg(long, value_name = "TEAM")]
    team: Option<String>,
    /// Marking of new leads, for example CONFIDENTIAL or TRADE_SECRET//EMEA [default: the company's]
    #[arg(long, value_name = "MARKING")]
    marking: Option<String>,
    /// Through which channel those in the file came to be known: crm, web-form, business-card, linkedin, x, facebook, email,
    /// event, referral, purchased-list, other [default: that of the format; of CSV crm, of vCards business-card]
    #[arg(long, value_name = "CHANNEL", value_parser = channel)]
    channel: Option<Channel>,
    /// Account of the register (id) through which they came to be known; the account itself is never asked for
    #[arg(long, value_name = "ID")]
    account: Option<Id>,
    /// Where rows that are not taken go [default: FILE.rejects.csv]
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
}

fn preset(name: &str) -> Result<Preset, String> {
    Preset::from_name(name).ok_or_else(|| "one of salesforce, hubspot, suitecrm, datablist, linkedin, leadkeep".into())
}

fn format(name: &str) -> Result<Format, String> {
    Format::from_name(name).ok_or_else(|| "one of csv, linkedin, vcard, x, facebook".into())
}

fn channel(name: &str) -> Result<Channel, String> {
    let known = || Channel::ALL.iter().map(|channel| channel.name().to_lowercase().replace('_', "-")).collect::<Vec<_>>().join(", ");
    Channel::from_name(name).ok_or_else(|| format!("one of {}", known()))
}

fn encoding(name: &str) -> Result<Encoding, String> {
    Encoding::from_name(name).ok_or_else(|| "one of utf-8, utf-16le, utf-16be, windows-1252".into())
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text {
        "tab" | "\\t" => Ok(b'\t'),
        _ if text.len() == 1 && !text.contains(|letter: char| letter.is_alphanumeric() || letter == '"') => Ok(text.as_bytes()[0]),
        _ => Err("one character, or `tab`".into()),
    }
}

impl Import {
    pub(crate) async fn run(self, operator: &Operator) -> Result<Exit, Failure> {
        let file = import::open(&self.file)?;
        let name = self.file.file_name().map(|name| name.to_string_lossy().into_owned());
        let arguments = json!({
            "file": name, "channel": self.channel.map(Channel::name), "account": self.account.map(|id| id.to_string()),
            "dryRun": self.dry_run, "owner": self.owner, "team": self.team, "marking": self.marking, "mapping": self.mapping,
        });
        let path = self.rejects.clone().unwrap_or_else(|| beside(&self.file));
        let mut screen = Screen::new(&path, !self.dry_run);
        let report = operator
            .act("import", arguments, async |op| {
                let owner = match &self.owner {
                    Some(who) => Some(find::person(op, who).await?.id),
                    None => None,
                };
                let team = self.team.as_ref().map(|team| find::team(op, team)).transpose()?;
                let codes = &op.snapshot.document.compartments;
                let marking = self.marking.as_ref().map(|text| marking(text, codes)).transpose()?;
                let request = Request {
                    options: Options {
                        format: self.format,
                        delimiter: self.delimiter,
                        encoding: self.encoding,
                        preset: self.preset,
                        mapping: self.map.clone(),
                        region: self.region.clone(),
                    },
                    owner,
                    team,
                    marking,
                    mapping: self.mapping.clone(),
                    save_mapping: self.save_mapping.clone(),
                    file_name: name.clone().unwrap_or_default(),
                    channel: self.channel,
                    account: self.account,
                    dry_run: self.dry_run,
                    told: SHOWN,
                };
                import::import(op, file, request, &mut screen).await
            })
            .await;
        let written = screen.end();
        let report = report?;
        written.map_err(|error| Failure::failed(format!("{}: {error}", path.display())))?;
        show(&report);
        if report.counts.rejected == 0 {
            return Ok(Exit::Done);
        }
        if !report.dry_run {
            // Cards and entries of archives stand in it to be read, not in a form that is imported.
            let then = if is_table(&report) { "; correct them there and import that file" } else { "" };
            output::line(format!("What was not taken is in {}{then}.", path.display()));
        }
        Ok(Exit::RowsRejected)
    }
}

/// `LEVEL//COMPARTMENT/COMPARTMENT`.
fn marking(text: &str, codes: &[String]) -> Result<Marking, Refusal> {
    let (level, rest) = text.split_once("//").unwrap_or((text, ""));
    let level = Level::from_name(&level.replace(' ', "_")).ok_or_else(|| Refusal::bad_input(format!("there is no level `{level}`")))?;
    let bit = |code: &str| {
        codes.iter().position(|known| known == code).ok_or_else(|| Refusal::bad_input(format!("there is no compartment `{code}`")))
    };
    let bits = rest.split('/').filter(|code| !code.is_empty()).try_fold(0_u64, |bits, code| bit(code).map(|bit| bits | 1 << bit))?;
    Ok(Marking::new(level, bits))
}

/// `leads.csv` → `leads.rejects.csv`; of a rejects file a second one, so that what is being read is not written over.
fn beside(file: &Path) -> PathBuf {
    file.with_extension("rejects.csv")
}

/// The progress bar and the rejects file.
struct Screen<'p> {
    path: &'p Path,
    keep: bool,
    delimiter: u8,
    header: String,
    rejects: Option<BufWriter<std::fs::File>>,
    bar: ProgressBar,
}

impl<'p> Screen<'p> {
    fn new(path: &'p Path, keep: bool) -> Self {
        let bar = if output::is_watched() { ProgressBar::new(0) } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}  {eta} left") {
            bar.set_style(style);
        }
        Self { path, keep, delimiter: b',', header: String::new(), rejects: None, bar }
    }

    fn end(mut self) -> io::Result<()> {
        self.bar.finish_and_clear();
        self.rejects.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Watcher for Screen<'_> {
    fn opened(&mut self, file: &Reader) {
        self.delimiter = file.delimiter();
        file.header().clone_into(&mut self.header);
        self.bar.set_length(file.size());
        self.bar.enable_steady_tick(Duration::from_millis(200));
    }

    fn rejected(&mut self, reject: &Reject) -> io::Result<()> {
        if !self.keep {
            return Ok(());
        }
        if self.rejects.is_none() {
            // Rows of leads: for nobody else to read.
            let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(self.path)?;
            let mut out = BufWriter::new(file);
            rejects::write_header(&mut out, self.delimiter, &self.header)?;
            self.rejects = Some(out);
        }
        self.rejects.as_mut().map_or(Ok(()), |out| reject.write(out, self.delimiter))
    }

    fn progress(&mut self, counts: &Counts, position: u64, _size: u64) {
        self.bar.set_position(position);
        let rate = rate(counts.rows, self.bar.elapsed());
        self.bar.set_message(format!("{} rows, {rate} a second", counts.rows));
    }
}

fn is_table(report: &Report) -> bool {
    matches!(report.format, Format::Csv | Format::LinkedIn)
}

fn columns(report: &Report) {
    let told = |column: &Column| format!("{} → {}", column.name, column.target.name());
    let (taken, left): (Vec<&Column>, Vec<&Column>) = report.columns.iter().partition(|column| column.target.name() != "-");
    output::line(format!("Columns: {}", taken.into_iter().map(told).collect::<Vec<_>>().join(", ")));
    if !left.is_empty() {
        let told = |column: &Column| column.note.map_or_else(|| column.name.clone(), |note| format!("{} ({note})", column.name));
        output::line(format!("Columns left out (use --map to take one): {}", left.into_iter().map(told).collect::<Vec<_>>().join(", ")));
    }
}

fn show(report: &Report) {
    let delimiter = if report.delimiter == b'\t' { "tab".to_owned() } else { format!("`{}`", char::from(report.delimiter)) };
    let preset = report.preset.map_or(String::new(), |preset| format!(", an export of {}", preset.name()));
    if is_table(report) {
        output::line(format!("Read as {}, delimiter {delimiter}{preset}.", report.encoding.name()));
        columns(report);
    } else {
        output::line(format!("Read as {}, {}.", report.format.name(), report.encoding.name()));
    }
    for (name, rows) in report.unknown_places.iter().take(SHOWN) {
        output::line(format!("Nobody here is called `{name}`: {rows} rows."));
    }
    if report.unknown_places.len() > SHOWN {
        output::line(format!("And {} other names of owners or teams that are nobody's here.", report.unknown_places.len() - SHOWN));
    }
    for row in &report.preview {
        let leads: Vec<String> = row.leads.iter().map(ToString::to_string).collect();
        let fields: Vec<&str> = row.fields.iter().map(Field::name).collect();
        output::line(match row.verdict {
            Verdict::Conflict => format!("Line {}: meets {}", row.line, leads.join(" and ")),
            _ => format!("Line {}: lead {} gains {}", row.line, leads.join(", "), fields.join(", ")),
        });
    }
    for reject in &report.rejects {
        output::line(format!("Line {} not taken: {}", reject.line, reject.reason()));
    }
    let Counts { rows, created, merged, unchanged, rejected } = report.counts;
    let rate = rate(rows, Duration::from_micros(report.duration));
    let would = if report.dry_run { "Would be: " } else { "" };
    output::line(format!(
        "{would}{created} created, {merged} merged, {unchanged} unchanged, {rejected} rejected of {rows} rows ({rate} a second)."
    ));
}

fn rate(rows: u64, time: Duration) -> u128 {
    u128::from(rows) * 1_000_000 / time.as_micros().max(1)
}
