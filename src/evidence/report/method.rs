//! The last pages: what is in the file, how to check it without us, what it does not show.

use crate::evidence::{
    block::Block,
    facts::{Evidence, Profile},
    texts::grouped,
};

/// The last pages.
pub(super) fn pages(evidence: &Evidence) -> Vec<Block> {
    let (about, log) = (&evidence.about, &evidence.about.log);
    let mut blocks = vec![Block::NewPage, Block::Heading("What is in the file".into())];
    let facts = |rows: &[(&str, &str)]| Block::Facts(rows.iter().map(|(name, what)| ((*name).to_owned(), (*what).to_owned())).collect());
    blocks.push(facts(&[
        ("report.pdf, report.html", "This report, on paper and for a browser; neither loads anything from anywhere."),
        ("measures.json", "Each measure as data: what was in force, since when, what is missing."),
        ("accesses.json", "Who could see leads and who did, every account, and the numbers behind the drawings."),
        ("policy/", "The revisions of the rules."),
        ("agreements/", "The texts that were published or accepted, each under its SHA-256. Not in a file for opposing counsel."),
        ("ledger/", "The part of the access log: the records as the bytes that were signed, readable beside, the proof, the signed head."),
        ("keys/", "The public key of the log. Have it from elsewhere too, and compare."),
        ("README.txt", "The same as this page."),
        ("SHA256SUMS", "The hash of every file, for `sha256sum -c SHA256SUMS`."),
    ]));
    blocks.push(Block::Heading("How to check it without us".into()));
    blocks.push(Block::List(vec![
        "Unpack the file. `sha256sum -c SHA256SUMS` tells whether anything was lost on the way.".into(),
        "`python3 ledger/verify_bundle.py ledger keys/ledger.pub` checks that the records, in this order and none missing, are those that \
         were signed. It is 150 lines, needs Python 3 and nothing else, and was written apart from Leadkeep."
            .into(),
        "Ask the auditor or the security team for the public key and, if they kept one, for an earlier signed head, and compare them."
            .into(),
        "Count again what this report counts: `ledger/entries.jsonl` has one record a line.".into(),
    ]));
    blocks.push(Block::Facts(vec![
        ("Name of the log".into(), log.origin.clone()),
        ("Records".into(), format!("{} up to and not including {}", grouped(log.first), grouped(log.end))),
        ("Root of the tree".into(), format!("{}, of {} records", log.root, grouped(log.end))),
        ("Key".into(), log.key.clone()),
        ("Written by".into(), format!("Leadkeep {}", about.version)),
    ]));
    blocks.push(Block::Heading("How it was made, and what it does not show".into()));
    let mut rules = vec![
        "A record belongs to the range in which its operation began. The log is proven against the first head that was signed at or after \
         the end of the range; a record that came later than that is counted in the next file, so that files of ranges that follow \
         each other count every record once."
            .to_owned(),
        "The same range, matter, profile and names give the same file, byte for byte, with this version of the program, also after the log \
         has grown. For that reason nothing is in it that may be changed or erased later, such as the leads themselves."
            .into(),
        "It shows what was done through Leadkeep. Whoever reads the database files or a backup, or photographs a screen, leaves no record. \
         It does not prove that the company has no other list."
            .into(),
        "Whoever held both the signing key and the database could have signed another history; a head or a receipt that somebody else kept, \
         or the signature of a witness, rules that out."
            .into(),
    ];
    rules.push(match about.profile {
        Profile::Court => {
            "Accounts appear by role and id. Names are given only of those whom the maker of the file named. The records hold, besides ids, \
             internet addresses and names of browsers. What a lead says is nowhere in the file."
                .into()
        }
        Profile::OpposingCounsel => {
            "For opposing counsel: nobody is named; accounts keep the ids by which the log knows them, so that every number can still be \
             checked. Names of teams, of the company's own roles, and every free text of the policy are withheld; their hashes stand. \
             Internet addresses and names of browsers are part of the signed records and stay. What a lead says is nowhere in the file."
                .into()
        }
    });
    blocks.push(Block::List(rules));
    blocks.push(Block::Small(
        "On the weight of measures: 46 Gonz. L. Rev. 57 (2011) looked at 358 cases out of 2,077 decisions of state courts; in 93 % the alleged \
         misappropriator was an employee or business partner, and only two measures statistically predicted that a court found the \
         element met: confidentiality agreements with employees, and with third parties. Its federal sibling, 45 Gonz. L. Rev. 291 (2010), \
         looked at 394 opinions from 1950 to 2008; in over 85 % the owner knew the other side."
            .into(),
    ));
    blocks
}
