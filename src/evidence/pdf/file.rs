//! From pages to the file's objects.

use std::io::Write as _;

use flate2::{Compression, write::ZlibEncoder};
use pdf_writer::{
    Filter, Finish, Name, Pdf, Rect, Ref, Str, TextStr,
    types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap},
};
use sha2::{Digest as _, Sha256};

use super::{
    PdfError,
    font::{Font, Fonts},
    layout::{Mark, Pages},
    page::SIZE,
};
use crate::evidence::block::Report;

const IDENTITY: Name<'static> = Name(b"Identity-H");
const SYSTEM: SystemInfo<'static> = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };
const UNICODE: SystemInfo<'static> = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"UCS"), supplement: 0 };

/// Numbers for objects.
struct Refs(i32);

impl Refs {
    fn next(&mut self) -> Ref {
        self.0 += 1;
        Ref::new(self.0)
    }
}

/// The file.
pub(super) fn write(report: &Report, Pages { pages, marks }: Pages, fonts: &Fonts) -> Result<Vec<u8>, PdfError> {
    let mut refs = Refs(0);
    let mut pdf = Pdf::new();
    pdf.set_version(1, 7);
    let [catalog, tree, info, outline] = std::array::from_fn(|_| refs.next());
    let plain = font(&mut pdf, &mut refs, &fonts.plain, b"LKEEPA+")?;
    let bold = font(&mut pdf, &mut refs, &fonts.bold, b"LKEEPB+")?;
    let mut hash = Sha256::new();
    let mut kids = Vec::with_capacity(pages.len());
    for page in pages {
        let (id, content) = (refs.next(), refs.next());
        let drawn = page.0.finish();
        hash.update(&*drawn);
        let mut out = pdf.page(id);
        out.parent(tree).media_box(Rect::new(0.0, 0.0, SIZE[0], SIZE[1])).contents(content);
        out.resources().fonts().pair(Name(b"R"), plain).pair(Name(b"B"), bold);
        out.finish();
        pdf.stream(content, &deflated(&drawn)).filter(Filter::FlateDecode);
        kids.push(id);
    }
    contents(&mut pdf, &mut refs, outline, &marks, &kids);
    pdf.pages(tree).count(kids.len() as i32).kids(kids);
    let mut root = pdf.catalog(catalog);
    root.pages(tree).outlines(outline).lang(TextStr("en"));
    root.viewer_preferences().display_doc_title(true);
    root.finish();
    let producer = concat!("Leadkeep ", env!("CARGO_PKG_VERSION"));
    pdf.document_info(info).title(TextStr(&report.title)).producer(TextStr(producer));
    // Readers tell files apart by it: the same pages have the same.
    let id = hash.finalize()[..16].to_vec();
    pdf.set_file_id((id.clone(), id));
    Ok(pdf.finish())
}

/// The headings, beside the pages.
fn contents(pdf: &mut Pdf, refs: &mut Refs, outline: Ref, marks: &[Mark], pages: &[Ref]) {
    let items: Vec<Ref> = marks.iter().map(|_| refs.next()).collect();
    let mut whole = pdf.outline(outline);
    if let (Some(first), Some(last)) = (items.first(), items.last()) {
        whole.first(*first).last(*last).count(items.len() as i32);
    }
    whole.finish();
    for (position, mark) in marks.iter().enumerate() {
        let mut item = pdf.outline_item(items[position]);
        item.title(TextStr(&mark.title)).parent(outline);
        if let Some(next) = items.get(position + 1) {
            item.next(*next);
        }
        if let Some(before) = position.checked_sub(1) {
            item.prev(items[before]);
        }
        item.dest().page(pages[mark.page]).xyz(0.0, SIZE[1] - mark.y + 14.0, None);
    }
}

/// A font by glyph numbers, with the glyphs in use and the letters they stand for, so that its text can be searched.
fn font(pdf: &mut Pdf, refs: &mut Refs, font: &Font, prefix: &[u8]) -> Result<Ref, PdfError> {
    let [whole, by_number, descriptor, data, letters] = std::array::from_fn(|_| refs.next());
    let name = [prefix, font.name.as_bytes()].concat();
    let name = Name(&name);
    pdf.type0_font(whole).base_font(name).encoding_predefined(IDENTITY).descendant_font(by_number).to_unicode(letters);
    let mut cid = pdf.cid_font(by_number);
    cid.subtype(CidFontType::Type2).base_font(name).system_info(SYSTEM).font_descriptor(descriptor).default_width(0.0);
    cid.cid_to_gid_map_predefined(Name(b"Identity"));
    let mut widths = cid.widths();
    for (number, _, width) in font.letters() {
        widths.consecutive(number, [width]);
    }
    widths.finish();
    cid.finish();
    let metrics = font.metrics();
    let [x1, y1, x2, y2] = metrics.bbox;
    pdf.font_descriptor(descriptor)
        .name(name)
        .flags(FontFlags::NON_SYMBOLIC)
        .bbox(Rect::new(x1, y1, x2, y2))
        .italic_angle(0.0)
        .ascent(metrics.ascent)
        .descent(metrics.descent)
        .cap_height(metrics.cap_height)
        .stem_v(80.0)
        .font_file2(data);
    let subset = font.subset()?;
    pdf.stream(data, &deflated(&subset)).filter(Filter::FlateDecode).pair(Name(b"Length1"), subset.len() as i32);
    let mut map = UnicodeCmap::new(Name(b"Leadkeep"), UNICODE);
    for (number, letter, _) in font.letters() {
        map.pair(number, letter);
    }
    let map = map.finish();
    pdf.stream(letters, &deflated(&map)).filter(Filter::FlateDecode);
    Ok(whole)
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(6));
    // Writing to memory does not fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}
