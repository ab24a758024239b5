//! The report as one page of the web: style and drawings within it, nothing loaded, ready to be printed.

use std::fmt::Write as _;

use super::{
    block::{Block, Report},
    plot::escaped,
};

const STYLE: &str = include_str!("style.css");

/// The page.
pub(super) fn write(report: &Report) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <p class=\"banner\">{}</p>\n<main>\n",
        escaped(&report.title),
        escaped(&report.banner)
    );
    for block in &report.blocks {
        write_block(&mut out, block);
    }
    let _ = write!(out, "</main>\n<footer>{}<br>{}</footer>\n</body>\n</html>\n", escaped(&report.foot), escaped(&report.banner));
    out
}

fn write_block(out: &mut String, block: &Block) {
    let text = |text: &str| escaped(text);
    let _ = match block {
        Block::Title(title) => writeln!(out, "<h1>{}</h1>", text(title)),
        Block::Heading(heading) => writeln!(out, "<h2>{}</h2>", text(heading)),
        Block::Text(body) => writeln!(out, "<p>{}</p>", coded(body)),
        Block::Small(body) => writeln!(out, "<p class=\"small\">{}</p>", coded(body)),
        Block::Answer { question, told, gaps } => {
            let _ = writeln!(out, "<section class=\"answer\"><h3>{question}</h3>");
            for line in told {
                let _ = writeln!(out, "<p>{}</p>", coded(line));
            }
            for line in gaps {
                let _ = writeln!(out, "<p class=\"gap\"><b>Gap:</b> {}</p>", coded(line));
            }
            writeln!(out, "</section>")
        }
        Block::Facts(facts) => {
            out.push_str("<dl>\n");
            for (name, what) in facts {
                let _ = writeln!(out, "<dt>{}</dt><dd>{}</dd>", text(name), coded(what));
            }
            writeln!(out, "</dl>")
        }
        Block::List(lines) => {
            out.push_str("<ul>\n");
            for line in lines {
                let _ = writeln!(out, "<li>{}</li>", coded(line));
            }
            writeln!(out, "</ul>")
        }
        Block::Table { columns, rows } => {
            out.push_str("<table>\n<thead><tr>");
            for (title, share) in columns {
                let _ = write!(out, "<th style=\"width:{:.0}%\">{title}</th>", share * 100.0);
            }
            out.push_str("</tr></thead>\n<tbody>\n");
            for row in rows {
                out.push_str("<tr>");
                for cell in row {
                    let _ = write!(out, "<td>{}</td>", text(cell));
                }
                out.push_str("</tr>\n");
            }
            writeln!(out, "</tbody>\n</table>")
        }
        Block::Figure { title, plot } => writeln!(out, "<figure><figcaption>{}</figcaption>\n{}</figure>", text(title), plot.svg()),
        Block::NewPage => writeln!(out, "<hr class=\"page\">"),
    };
}

/// Text in which what stands between back-ticks is code.
fn coded(text: &str) -> String {
    let parts = text.split('`').enumerate();
    parts.map(|(number, part)| if number % 2 == 1 { format!("<code>{}</code>", escaped(part)) } else { escaped(part) }).collect()
}
