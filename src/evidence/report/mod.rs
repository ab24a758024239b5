//! The report: from facts to its parts. Read as somebody reads who has ten minutes: the first page answers, the others show.

mod details;
mod first;
mod method;

use super::{
    block::{Block, Report},
    facts::{Evidence, Profile},
    html as web,
    measures::Finding,
    pdf as paper,
    texts::{day, minute},
};

/// What is at the top of every page.
pub const BANNER: &str = "CONFIDENTIAL";

/// The report as a page of the web that needs nothing else.
pub fn html(evidence: &Evidence, findings: &[Finding]) -> String {
    web::write(&report(evidence, findings))
}

/// The report on paper.
///
/// # Errors
/// If the font cannot be read, which is built in.
pub fn pdf(evidence: &Evidence, findings: &[Finding]) -> Result<Vec<u8>, paper::PdfError> {
    paper::write(&report(evidence, findings))
}

fn report(evidence: &Evidence, findings: &[Finding]) -> Report {
    let about = &evidence.about;
    let mut blocks = first::page(evidence, findings);
    blocks.push(Block::NewPage);
    blocks.extend(details::pages(evidence));
    blocks.extend(details::measures(findings));
    blocks.extend(method::pages(evidence));
    let redacted = match about.profile {
        Profile::Court => "",
        Profile::OpposingCounsel => " · redacted for opposing counsel",
    };
    Report {
        banner: format!("{BANNER}{redacted}"),
        foot: format!("{} to {} (UTC) · log {}", minute(about.from), minute(about.to), about.log.origin),
        title: format!("Measures that protect the lead list, {} to {}", day(about.from), day(about.to)),
        blocks,
    }
}
