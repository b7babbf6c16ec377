//! The thread that makes what the window shows: rows that are in sight, and the chosen packet.

use super::packets::Scanner;
use super::{PacketDetail, PacketRow, Shared, spawn};
use pw_dissect::fields::{Field, Packet, Separator, TableWriter};
use pw_dissect::filter::Filter;
use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Most rows that are made for one wish; further ones are left out.
const MAX_WANTED: usize = 1024;

/// Rows of one generation of the cache. Two are kept: when the newer is full, the older is forgotten.
const GENERATION: usize = 4096;

type Detail = Arc<Result<PacketDetail, String>>;

#[derive(Debug, Default)]
struct State {
    rows: Vec<u32>,
    detail: Option<u32>,
    /// Colour rules; a row says which is the first that it passes.
    rules: Arc<[Filter]>,
    /// Fields that rows have beside the usual ones.
    fields: Arc<[&'static Field]>,
    /// Counts up with each wish; the thread has answered up to `answered`.
    wish: u64,
    answered: u64,
    newer: HashMap<u32, Arc<PacketRow>>,
    older: HashMap<u32, Arc<PacketRow>>,
    made: Option<(u32, Detail)>,
    closing: bool,
}

impl State {
    fn row(&self, number: u32) -> Option<&Arc<PacketRow>> {
        self.newer.get(&number).or_else(|| self.older.get(&number))
    }

    fn keep(&mut self, row: PacketRow) {
        if self.newer.len() >= GENERATION {
            self.older = std::mem::take(&mut self.newer);
        }
        self.newer.insert(row.number, Arc::new(row));
    }
}

#[derive(Debug, Default)]
struct Desk {
    state: Mutex<State>,
    wished: Condvar,
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes wishes and holds what was made.
#[derive(Debug)]
pub(super) struct Viewer {
    desk: Arc<Desk>,
}

impl Viewer {
    pub(super) fn start(shared: &Arc<Shared>) -> io::Result<Self> {
        let desk = Arc::new(Desk::default());
        let (shared, at) = (Arc::clone(shared), Arc::clone(&desk));
        spawn("capture-view", move || run(&shared, &at))?;
        Ok(Self { desk })
    }

    pub(super) fn want(&self, mut rows: Vec<u32>, detail: Option<u32>) {
        rows.truncate(MAX_WANTED);
        let mut state = self.desk.lock();
        if state.wish > 0 && state.rows == rows && state.detail == detail {
            return;
        }
        (state.rows, state.detail) = (rows, detail);
        state.wish += 1;
        drop(state);
        self.desk.wished.notify_one();
    }

    /// Rows are made anew with these rules.
    pub(super) fn set_rules(&self, rules: Arc<[Filter]>) {
        self.make_anew(|state| state.rules = rules);
    }

    /// Rows are made anew with these fields.
    pub(super) fn set_fields(&self, fields: Arc<[&'static Field]>) {
        self.make_anew(|state| state.fields = fields);
    }

    fn make_anew(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.desk.lock();
        change(&mut state);
        state.newer.clear();
        state.older.clear();
        state.wish += 1;
        drop(state);
        self.desk.wished.notify_one();
    }

    pub(super) fn row(&self, number: u32) -> Option<Arc<PacketRow>> {
        self.desk.lock().row(number).cloned()
    }

    pub(super) fn detail(&self, number: u32) -> Option<Detail> {
        let state = self.desk.lock();
        state
            .made
            .as_ref()
            .filter(|(made, _)| *made == number)
            .map(|(_, detail)| Arc::clone(detail))
    }

    pub(super) fn is_busy(&self) -> bool {
        let state = self.desk.lock();
        state.answered < state.wish
    }

    pub(super) fn close(&self) {
        self.desk.lock().closing = true;
        self.desk.wished.notify_one();
    }
}

/// Writes the values of the fields that were asked for.
struct Extra {
    count: usize,
    table: TableWriter,
}

impl Extra {
    fn new(fields: &[&'static Field]) -> Self {
        Self { count: fields.len(), table: TableWriter::new(fields, Separator::Tab) }
    }

    fn of(&mut self, packet: &Packet<'_>) -> Vec<String> {
        let mut walked = false;
        let mut cell = Vec::new();
        (0..self.count)
            .map(|number| {
                cell.clear();
                self.table.cell(number, packet, &mut walked, &mut cell);
                String::from_utf8_lossy(&cell).into_owned()
            })
            .collect()
    }
}

/// Runs until the file is closed.
fn run(shared: &Shared, desk: &Desk) {
    let mut scanner = Scanner::here_and_there(&shared.packets);
    loop {
        let mut state = desk.lock();
        while !state.closing && state.answered == state.wish {
            state = desk.wished.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.closing {
            return;
        }
        let wish = state.wish;
        let detail = state.detail.filter(|n| state.made.as_ref().is_none_or(|(made, _)| made != n));
        let rows: Vec<u32> =
            state.rows.iter().copied().filter(|number| state.row(*number).is_none()).collect();
        let rules = Arc::clone(&state.rules);
        let mut extra = Extra::new(&state.fields);
        drop(state);
        if let Some(number) = detail {
            let made = scanner.packet(number).map(|captured| PacketDetail::of(&captured));
            let made = Arc::new(made.map_err(|error| error.to_string()));
            desk.lock().made = Some((number, made));
        }
        for number in rows {
            let row = match scanner.packet(number) {
                Ok(captured) => {
                    let packet = Packet::new(captured);
                    let rule = rules.iter().position(|rule| rule.matches(&packet));
                    PacketRow { rule, extra: extra.of(&packet), ..PacketRow::of(&packet) }
                }
                Err(error) => {
                    PacketRow::unreadable(number, shared.packets.time(number), error.to_string())
                }
            };
            let mut state = desk.lock();
            // Whoever scrolled on, or changed the rules, does not want the rest any more.
            if state.wish != wish {
                break;
            }
            state.keep(row);
        }
        let mut state = desk.lock();
        state.answered = state.answered.max(if state.wish == wish { wish } else { 0 });
        drop(state);
        (shared.wake)();
    }
}
