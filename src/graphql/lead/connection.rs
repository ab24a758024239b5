//! A page of leads, rendered in the loop that reads it.

use std::borrow::Cow;

use async_graphql::{
    ContextSelectionSet, OutputType, Positioned, ServerResult, Value,
    connection::PageInfo as PageInfoShape,
    parser::types::{Field as Asked, SelectionSet},
    registry::Registry,
};

use super::{
    collect::{self, merged},
    json,
    object::{Out, object, outs},
    plan::{self, LeadOut},
    render,
    schema::{self, LeadEdgeShape, LeadShape},
};
use crate::{
    app::{Error, Op, leads},
    domain::{FieldSet, Id, LeadQuery},
    graphql::{error, raw},
};

/// The page asked for.
pub struct LeadConnection {
    pub(super) query: LeadQuery,
}

/// What stands under a key of the connection.
enum ConnectionOut {
    Typename,
    /// Index of the part that renders it.
    Rows(usize),
    PageInfo(Vec<Out<PageInfoOut>>),
    TotalCount,
}

enum PageInfoOut {
    Typename,
    HasNextPage,
    HasPreviousPage,
    StartCursor,
    EndCursor,
}

/// One list of the page: `nodes` or `edges`, with its own selection.
enum Part {
    Nodes(Vec<Out<LeadOut>>),
    Edges(Vec<Out<EdgeOut>>),
}

enum EdgeOut {
    Typename,
    Cursor,
    Node(Vec<Out<LeadOut>>),
}

/// What a part has rendered: its rows one after the other, and where each ends.
#[derive(Default)]
struct Rendered {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl OutputType for LeadConnection {
    fn type_name() -> Cow<'static, str> {
        "LeadConnection".into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        let (node, edge) = (LeadShape::create_type_info(registry), LeadEdgeShape::create_type_info(registry));
        let page_info = PageInfoShape::create_type_info(registry);
        let fields = vec![
            ("nodes", format!("[{node}]!"), "The leads."),
            ("edges", format!("[{edge}]!"), "The leads with their places."),
            ("pageInfo", page_info, "Where the page stands in the list."),
            ("totalCount", "Int!".into(), "How many leads there are in all; counted only when asked for."),
        ];
        schema::object::<Self>(registry, "A page of leads.", fields)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Asked>) -> ServerResult<Value> {
        let op = error::op(ctx);
        let sets = collect::of_this_field(ctx, field);
        let rendered = self.render(ctx, op, &sets).await;
        rendered.map(raw::value).map_err(|refused| ctx.set_error_path(error::outward(op, &refused).into_server_error(field.pos)))
    }
}

impl LeadConnection {
    async fn render<'d>(&self, ctx: &ContextSelectionSet<'d>, op: &Op, sets: &[&'d SelectionSet]) -> Result<Vec<u8>, Error> {
        let mut parts = Vec::new();
        let plan = outs(merged(ctx, sets), |selected| connection_out(ctx, selected, &mut parts));
        let select = parts.iter().map(Part::fields).fold(FieldSet::EMPTY, FieldSet::union);
        let wants_rows = plan.iter().any(|out| matches!(out.what, ConnectionOut::Rows(_) | ConnectionOut::PageInfo(_)));
        let wants_total = plan.iter().any(|out| matches!(out.what, ConnectionOut::TotalCount));
        let query = LeadQuery { select, ..self.query.clone() };
        let total = if wants_total { leads::count(op, query.clone()).await? } else { 0 };
        let (rendered, info) = if wants_rows {
            let snapshot = op.snapshot.clone();
            let room =
                |_: &Part| Rendered { bytes: Vec::with_capacity(320 * self.query.limit), ends: Vec::with_capacity(self.query.limit) };
            let state: Vec<Rendered> = parts.iter().map(room).collect();
            let show = move |rendered: &mut Vec<Rendered>, view: &leads::LeadView<'_>| {
                for (part, rendered) in parts.iter().zip(rendered) {
                    part.render(&mut rendered.bytes, view, &snapshot);
                    rendered.ends.push(rendered.bytes.len());
                }
            };
            leads::page(op, query, state, show).await?
        } else {
            (Vec::new(), leads::PageInfo { ids: Vec::new(), more: false })
        };
        let length = rendered.iter().map(|part| part.bytes.len() + part.ends.len()).sum::<usize>();
        let mut out = Vec::with_capacity(length + 256);
        object(&mut out, &plan, |out, what| match what {
            ConnectionOut::Typename => json::text(out, "LeadConnection"),
            ConnectionOut::Rows(part) => rendered[*part].write(out, self.query.backward),
            ConnectionOut::PageInfo(plan) => self.page_info(out, plan, &info),
            ConnectionOut::TotalCount => json::integer(out, total as i64),
        });
        Ok(out)
    }

    fn page_info(&self, out: &mut Vec<u8>, plan: &[Out<PageInfoOut>], info: &leads::PageInfo) {
        let came_from = self.query.from.is_some();
        let (next, previous) = if self.query.backward { (came_from, info.more) } else { (info.more, came_from) };
        let (first, last) = (info.ids.first().copied(), info.ids.last().copied());
        let (start, end) = if self.query.backward { (last, first) } else { (first, last) };
        let cursor = |out: &mut Vec<u8>, id: Option<Id>| match id {
            Some(id) => json::id(out, id),
            None => json::null(out),
        };
        object(out, plan, |out, what| match what {
            PageInfoOut::Typename => json::text(out, "PageInfo"),
            PageInfoOut::HasNextPage => json::boolean(out, next),
            PageInfoOut::HasPreviousPage => json::boolean(out, previous),
            PageInfoOut::StartCursor => cursor(out, start),
            PageInfoOut::EndCursor => cursor(out, end),
        });
    }
}

impl Part {
    fn fields(&self) -> FieldSet {
        match self {
            Self::Nodes(plan) => plan::fields(plan),
            Self::Edges(plan) => plan.iter().fold(FieldSet::EMPTY, |set, out| match &out.what {
                EdgeOut::Node(plan) => set.union(plan::fields(plan)),
                EdgeOut::Typename | EdgeOut::Cursor => set,
            }),
        }
    }

    fn render(&self, out: &mut Vec<u8>, view: &leads::LeadView<'_>, snapshot: &crate::policy::Snapshot) {
        match self {
            Self::Nodes(plan) => render::lead(out, plan, view, snapshot),
            Self::Edges(plan) => object(out, plan, |out, what| match what {
                EdgeOut::Typename => json::text(out, "LeadEdge"),
                EdgeOut::Cursor => json::id(out, view.id()),
                EdgeOut::Node(plan) => render::lead(out, plan, view, snapshot),
            }),
        }
    }
}

impl Rendered {
    /// The rows as an array; those of a backward page were read last row first.
    fn write(&self, out: &mut Vec<u8>, backward: bool) {
        let rows = (0..self.ends.len()).map(|row| if backward { self.ends.len() - 1 - row } else { row });
        json::array(out, rows, |out, row| {
            let start = if row == 0 { 0 } else { self.ends[row - 1] };
            out.extend_from_slice(&self.bytes[start..self.ends[row]]);
        });
    }
}

fn connection_out<'d>(ctx: &ContextSelectionSet<'d>, selected: &collect::Selected<'d>, parts: &mut Vec<Part>) -> Option<ConnectionOut> {
    let part = match selected.name {
        "nodes" => Part::Nodes(plan::lead(ctx, &selected.sets)),
        "edges" => Part::Edges(outs(merged(ctx, &selected.sets), |selected| match selected.name {
            "__typename" => Some(EdgeOut::Typename),
            "cursor" => Some(EdgeOut::Cursor),
            "node" => Some(EdgeOut::Node(plan::lead(ctx, &selected.sets))),
            _ => None,
        })),
        "pageInfo" => return Some(ConnectionOut::PageInfo(page_info(ctx, selected))),
        "totalCount" => return Some(ConnectionOut::TotalCount),
        "__typename" => return Some(ConnectionOut::Typename),
        _ => return None,
    };
    parts.push(part);
    Some(ConnectionOut::Rows(parts.len() - 1))
}

fn page_info<'d>(ctx: &ContextSelectionSet<'d>, selected: &collect::Selected<'d>) -> Vec<Out<PageInfoOut>> {
    outs(merged(ctx, &selected.sets), |selected| match selected.name {
        "__typename" => Some(PageInfoOut::Typename),
        "hasNextPage" => Some(PageInfoOut::HasNextPage),
        "hasPreviousPage" => Some(PageInfoOut::HasPreviousPage),
        "startCursor" => Some(PageInfoOut::StartCursor),
        "endCursor" => Some(PageInfoOut::EndCursor),
        _ => None,
    })
}
