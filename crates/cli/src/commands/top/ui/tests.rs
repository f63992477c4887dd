//! Screens are compared with those in `tests/screens`; `UPDATE=1` rewrites them.

use std::path::Path;
use std::{env, fs};

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::KeyCode;
use unicode_width::UnicodeWidthStr as _;

use super::head::title_texts;
use super::*;
use crate::commands::top::answers::Answer;
use crate::commands::top::app::Request;
use crate::commands::top::samples::{MINUTE, answer, app, course, empty, three};
use crate::commands::top::span::Span;
use crate::commands::top::status::Status;
use crate::output::figures::Figures;

/// Presses keys, in which `~` is Enter and `^` is Esc.
fn press(app: &mut App, keys: &str) {
    for key in keys.chars() {
        let code = match key {
            '~' => KeyCode::Enter,
            '^' => KeyCode::Esc,
            _ => KeyCode::Char(key),
        };
        let request = app.press(code.into());
        assert!(matches!(request, None | Some(Request::Refresh)), "{key}");
    }
}

fn drawn(app: &mut App, columns: u16, lines: u16) -> TestBackend {
    let mut terminal = Terminal::new(TestBackend::new(columns, lines)).unwrap();
    terminal.draw(|frame| draw(app, frame, course)).unwrap();
    terminal.backend().clone()
}

/// Compares a screen with the one of this name.
#[track_caller]
fn check(name: &str, mut app: App, [columns, lines]: [u16; 2]) {
    let backend = drawn(&mut app, columns, lines).to_string();
    let lines = backend.lines().map(|line| line.trim_matches('"').trim_end());
    let shown: String = lines.map(|line| format!("{line}\n")).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/screens");
    let path = folder.join(name).with_extension("txt");
    if env::var_os("UPDATE").is_some() {
        fs::write(&path, &shown).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap();
    assert_eq!(shown, expected, "{name}:\n{shown}");
}

/// Returns a state with three actions after these keys.
fn after(keys: &str) -> App {
    let mut app = app(&[]);
    app.view.resize(5);
    press(&mut app, keys);
    app
}

#[test]
fn wide_terminal_shows_all() {
    check("wide", after(""), [110, 8]);
}

#[test]
fn narrow_terminal_omits_columns() {
    check("narrow", after("mo"), [36, 7]);
}

#[test]
fn pause_and_end_are_shown() {
    let mut app = after(" ");
    app.status.is_ended = true;
    app.status.outside = 3;
    check("paused", app, [70, 5]);
}

#[test]
fn long_path_hides_neither_numbers_nor_state() {
    let mut app = after("");
    app.source = "/a/folder/of/a/folder/with/a/log.ndjson".into();
    app.status.is_ended = true;
    check("long_path", app, [80, 5]);
}

#[test]
fn empty_table_says_what_it_waits_for() {
    let mut app = after("");
    app.show(Status::default(), |_| Answer::default());
    check("waiting", app, [70, 5]);
}

#[test]
fn help_covers_the_table_and_is_scrolled_where_it_does_not_fit() {
    check("help", after("?"), [80, 18]);
    check("help_small", after("?jj"), [60, 10]);
    // It ends at its last line, from which a key goes back.
    check("help_end", after("?G"), [60, 10]);
    let mut app = after("?G");
    drawn(&mut app, 60, 10);
    press(&mut app, "k");
    assert_eq!(app.screen, Screen::Help(5));
}

#[test]
fn records_beyond_the_limit_are_shown() {
    let mut app = after("");
    let mut answer = three();
    answer.lines[1].is_other = true;
    answer.lines[1].action = "(other)".into();
    let status = Status { accepted: 1_234, folded: 1_200, ..Status::default() };
    app.show(status, |_| answer);
    app.view.resize(5);
    press(&mut app, "j");
    check("other", app, [60, 6]);
    let mut app = after("");
    let mut answer = three();
    answer.lines[1].is_other = true;
    app.show(Status { accepted: 1_234, folded: 1_200, ..Status::default() }, |_| answer);
    app.view.resize(5);
    press(&mut app, "j~");
    check("other_in_depth", app, [60, 10]);
}

#[test]
fn filter_says_how_many_actions_match() {
    check("typing_filter", after("/o"), [80, 6]);
    check("filter", after("/o~"), [80, 6]);
    check("no_match", after("/x~"), [40, 6]);
    let mut app = after("/o");
    let mut terminal = Terminal::new(TestBackend::new(80, 6)).unwrap();
    terminal.draw(|frame| draw(&mut app, frame, course)).unwrap();
    terminal.backend_mut().assert_cursor_position((2, 5));
}

#[test]
fn columns_are_typed_and_a_problem_is_shown() {
    check("typing_columns", after("f"), [100, 6]);
    check("columns", after("f,p99.9,min~"), [120, 6]);
    check("columns_refused", after("f,p999~"), [60, 6]);
}

#[test]
fn action_in_depth_has_percentiles_course_and_histogram() {
    check("in_depth", after("~"), [80, 50]);
    check("in_depth_wide", after("~"), [140, 32]);
    check("in_depth_small", after("~jjj"), [60, 10]);
    check("in_depth_end", after("~G"), [60, 10]);
    let mut app = empty(Span::Whole, &[]);
    app.show(Status { accepted: 9, is_ended: true, ..Status::default() }, |_| three());
    app.view.resize(5);
    press(&mut app, "~");
    check("in_depth_without_times", app, [70, 20]);
}

#[test]
fn action_that_has_left_the_window_is_named() {
    let mut app = after("~");
    app.show(Status::default(), |_| answer(&[("hop", vec![1.0])]));
    check("in_depth_gone", app, [70, 6]);
}

#[test]
fn marks_have_signs_and_colours() {
    let marked = |unit| {
        let mut app = app(&["p99 > 90", "name*: count <= 4"]);
        app.figures = Figures::new(unit);
        app.show(Status { accepted: 1_234, ..Status::default() }, |_| three());
        app.view.resize(5);
        app
    };
    check("marks", marked(None), [110, 7]);
    check(
        "marks_in_depth",
        {
            let mut app = marked(None);
            press(&mut app, "~");
            app
        },
        [60, 10],
    );
    let buffer: Buffer = drawn(&mut marked(None), 110, 7).buffer().clone();
    let color = |text: &str| {
        let line = (0..buffer.area.width).map(|x| buffer[(x, 4)].symbol()).collect::<String>();
        let x = line.find(text).unwrap_or_else(|| panic!("{text} in {line}"));
        buffer[(x as u16, 4)].fg
    };
    // The fourth line is that of `hop`, which is not marked, and the fifth that of a marked one.
    assert_eq!([color("hop"), color("75")], [Color::Reset; 2]);
    let line = |y| (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
    let x = line(5).find("!4").or(line(5).find('4')).unwrap() as u16;
    assert_eq!([buffer[(0, 5)].fg, buffer[(x, 5)].fg], [Color::Red; 2], "{}", line(5));
    // The selected line is marked without a colour.
    assert!(buffer[(0, 3)].modifier.contains(Modifier::REVERSED));
    assert!(!buffer[(0, 4)].modifier.contains(Modifier::REVERSED));
}

#[test]
fn mark_with_a_unit_needs_that_of_the_times() {
    let mut app = app(&["p99 > 90ms"]);
    check(
        "mark_without_unit",
        {
            app.view.resize(5);
            app
        },
        [80, 6],
    );
    let mut app = empty(MINUTE, &["p99 > 2000ms"]);
    // Values with units of their own are seconds.
    app.show(Status { has_units: true, ..Status::default() }, |_| three());
    assert_eq!(app.view.lines().iter().filter(|line| !line.marks.is_empty()).count(), 2);
}

#[test]
fn mark_of_an_unknown_name_is_reported() {
    let problem = |mark: &str| {
        let app = app(&[mark]);
        app.marks.problem(app.view.lines(), None)
    };
    let expected = "no such action `jumb`, the nearest is `jump`";
    assert_eq!(problem("jumb: p99 > 9").as_deref(), Some(expected));
    assert_eq!(problem("jum*: p99 > 9"), None);
    let empty = empty(MINUTE, &["jumb: p99 > 9"]);
    assert_eq!(empty.marks.problem(empty.view.lines(), None), None);
    let mut app = app(&["jumb: p99 > 9"]);
    app.view.resize(5);
    check("mark_of_unknown", app, [80, 6]);
}

#[test]
fn number_in_the_title_is_whole_at_any_width() {
    let mut app = after("");
    app.source = "a-log-with-a-long-name.ndjson".into();
    let forms = ["last 1m: 1,234 actions, 20.6/s", "last 1m: 1,234 actions", "1,234 actions"];
    for columns in 0..120 {
        let [name, totals] = title_texts(&app, columns);
        assert!(name.width() + totals.width() <= columns, "{columns} {name:?} {totals:?}");
        let is_whole = forms.contains(&totals.trim());
        assert!(is_whole || (columns < 13 && totals.trim().is_empty()), "{columns} {totals:?}");
    }
}

#[test]
fn terminal_of_any_size_does_not_panic() {
    for (columns, lines) in [(1, 1), (1, 9), (9, 1), (12, 3), (300, 2), (60, 10), (300, 80)] {
        for keys in ["", "?", "~", "~jjjjjj", "/a", "f", "fx~", "/hop~"] {
            let mut app = app(&["p99 > 90", "p99 > 90ms"]);
            app.view.resize(5);
            press(&mut app, keys);
            drawn(&mut app, columns, lines);
        }
    }
}
