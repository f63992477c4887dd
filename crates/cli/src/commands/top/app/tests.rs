use std::cell::RefCell;

use super::*;
use crate::commands::top::samples::{MINUTE, answer, column, course, empty};

fn app() -> App {
    let mut app = empty(MINUTE, &[]);
    app.show(Status::default(), |_| some());
    app
}

fn some() -> Answer {
    answer(&[("jump", vec![150.0; 3]), ("hop", vec![75.0]), ("run", vec![9.5; 3])])
}

fn press(app: &mut App, key: char) -> Option<Request> {
    app.press(KeyCode::Char(key).into())
}

/// Presses keys, in which `~` is Enter, `^` is Esc and `<` is backspace.
fn type_in(app: &mut App, keys: &str) {
    for key in keys.chars() {
        let code = match key {
            '~' => KeyCode::Enter,
            '^' => KeyCode::Esc,
            '<' => KeyCode::Backspace,
            _ => KeyCode::Char(key),
        };
        assert_eq!(app.press(code.into()), None);
    }
}

fn shown(app: &App) -> Vec<&str> {
    app.view.visible().map(|line| line.action.as_str()).collect()
}

#[track_caller]
fn check(app: &mut App, expected: &[&str]) {
    app.view.resize(9);
    assert_eq!(shown(app), expected);
}

fn selected(app: &App) -> &str {
    app.view.selected().map_or("", |line| &line.action)
}

#[test]
fn most_frequent_comes_first_and_equals_by_name() {
    check(&mut app(), &["jump", "run", "hop"]);
}

#[test]
fn key_sorts_by_its_column() {
    let mut app = app();
    let cases = [
        ('a', ["hop", "jump", "run"]),
        ('o', ["run", "jump", "hop"]),
        ('m', ["jump", "hop", "run"]),
        ('o', ["run", "hop", "jump"]),
        ('c', ["jump", "run", "hop"]),
        ('t', ["jump", "hop", "run"]),
        ('s', ["jump", "hop", "run"]),
    ];
    for (key, expected) in cases {
        assert_eq!(press(&mut app, key), None);
        check(&mut app, &expected);
    }
}

#[test]
fn every_column_has_a_key() {
    let columns = empty(MINUTE, &[]).view.columns().to_vec();
    for column in [Column::Action].into_iter().chain(columns) {
        let mut app = app();
        press(&mut app, column.key());
        assert_eq!(app.view.sorted_by(), (&column, column.order()));
    }
}

#[test]
fn key_of_several_percentiles_goes_from_one_to_the_next() {
    let mut app = app();
    type_in(&mut app, "f,p90,p99.9~");
    for expected in ["p99", "p90", "p99.9", "p99"] {
        press(&mut app, '9');
        assert_eq!(app.view.sorted_by().0.word(), expected);
    }
}

#[test]
fn arrows_move_the_sorted_column_and_stop_at_the_ends() {
    let mut app = app();
    for (code, expected) in [(KeyCode::Left, "action"), (KeyCode::Right, "max")] {
        for _ in 0..9 {
            app.press(code.into());
        }
        assert_eq!(*app.view.sorted_by().0, column(expected));
    }
}

#[test]
fn pause_keeps_the_lines_and_updates_the_status() {
    let mut app = app();
    assert_eq!(press(&mut app, ' '), Some(Request::Refresh));
    app.show(Status { refused: 1, ..Status::default() }, |_| Answer::default());
    assert_eq!((app.view.lines().len(), app.status.refused), (3, 1));
    press(&mut app, 'p');
    app.show(Status::default(), |_| Answer::default());
    assert_eq!(app.view.lines().len(), 0);
}

#[test]
fn course_of_visible_lines_is_requested_once() {
    let mut app = app();
    let asked = RefCell::new(Vec::new());
    let log = |line: &Line, window: Duration, parts: usize| {
        assert_eq!((window.as_secs(), parts), (60, 3));
        asked.borrow_mut().push(line.action.clone());
        course(line, window, parts)
    };
    app.parts = 3;
    app.view.resize(2);
    app.fill(log);
    app.fill(log);
    assert_eq!(*asked.borrow(), ["jump", "run"]);
    app.press(KeyCode::End.into());
    app.fill(log);
    assert_eq!(*asked.borrow(), ["jump", "run", "hop"]);

    app.show(Status::default(), |_| answer(&[("a", vec![1.0]), ("b", vec![1.0])]));
    app.view.resize(1);
    app.fill_all(log);
    assert_eq!(asked.borrow()[3..], ["a", "b"]);

    // In depth, only that of the action is needed.
    app.show(Status::default(), |_| some());
    app.view.resize(3);
    press(&mut app, 'G');
    type_in(&mut app, "~");
    app.fill(log);
    assert_eq!(asked.borrow()[5..], ["hop"]);
}

#[test]
fn window_is_chosen_among_shorter_ones() {
    let mut app = app();
    assert_eq!(press(&mut app, '+'), None);
    for (key, expected) in [('-', 10), ('-', 10), ('+', 60), ('+', 60)] {
        press(&mut app, key);
        let expected = Span::Last(Duration::from_secs(expected));
        assert_eq!(app.span, expected, "{key}");
        app.show(Status::default(), |span| {
            assert_eq!(span, expected);
            Answer::default()
        });
    }
}

#[test]
fn input_without_times_has_no_windows_no_rates_and_no_course() {
    let mut app = empty(Span::Whole, &[]);
    app.show(Status::default(), |span| {
        assert_eq!(span, Span::Whole);
        answer(&[("jump", vec![150.0; 3]), ("hop", vec![75.0; 5])])
    });
    check(&mut app, &["hop", "jump"]);
    assert!(!app.view.columns().contains(&Column::Rate));
    for key in ['-', '+'] {
        assert_eq!((press(&mut app, key), app.span), (None, Span::Whole));
    }
    app.fill(|_, _, _| panic!("there is no course"));
}

#[test]
fn selection_ends_at_the_last_line_and_stays_visible() {
    let mut app = app();
    app.view.resize(2);
    let cases = [
        (KeyCode::Up, "jump", ["jump", "run"]),
        (KeyCode::Down, "run", ["jump", "run"]),
        (KeyCode::Char('j'), "hop", ["run", "hop"]),
        (KeyCode::Down, "hop", ["run", "hop"]),
        (KeyCode::Char('k'), "run", ["run", "hop"]),
        (KeyCode::Home, "jump", ["jump", "run"]),
        (KeyCode::PageDown, "hop", ["run", "hop"]),
        (KeyCode::PageUp, "jump", ["jump", "run"]),
        (KeyCode::End, "hop", ["run", "hop"]),
    ];
    for (code, line, visible) in cases {
        app.press(code.into());
        assert_eq!((selected(&app), shown(&app)), (line, visible.to_vec()), "{code}");
    }
    app.view.resize(3);
    assert_eq!(shown(&app), ["jump", "run", "hop"]);
    app.view.resize(1);
    assert_eq!(shown(&app), ["hop"]);
}

#[test]
fn selected_action_stays_selected_when_lines_move() {
    let mut app = app();
    // The first place is that of the first line.
    app.show(Status::default(), |_| answer(&[("run", vec![1.0; 9]), ("jump", vec![1.0])]));
    assert_eq!(selected(&app), "run");
    press(&mut app, 'j');
    app.show(Status::default(), |_| answer(&[("run", vec![1.0]), ("jump", vec![1.0; 9])]));
    assert_eq!(selected(&app), "jump");
    app.show(Status::default(), |_| answer(&[("hop", vec![1.0]), ("run", vec![1.0])]));
    assert_eq!(selected(&app), "hop");
    // Back at the first place, it is the first line again.
    press(&mut app, 'j');
    app.press(KeyCode::Home.into());
    app.show(Status::default(), |_| answer(&[("run", vec![1.0; 9]), ("hop", vec![1.0])]));
    assert_eq!(selected(&app), "run");
    app.show(Status::default(), |_| answer(&[("hop", vec![1.0; 9]), ("run", vec![1.0])]));
    assert_eq!(selected(&app), "hop");
    // A sort shows the first lines.
    press(&mut app, 'j');
    press(&mut app, 'a');
    assert_eq!(selected(&app), "hop");
}

#[test]
fn filter_shows_names_with_a_text_while_it_is_typed() {
    let mut app = app();
    app.view.resize(9);
    let cases: [(&str, &[&str]); 8] = [
        ("/", &["jump", "run", "hop"]),
        ("u", &["jump", "run"]),
        ("M", &[]),
        ("<m", &["jump"]),
        // Enter keeps it; letters are keys again.
        ("~", &["jump"]),
        ("m", &["jump"]),
        ("/<<p", &["jump", "hop"]),
        ("^", &["jump", "hop", "run"]),
    ];
    for (keys, expected) in cases {
        type_in(&mut app, keys);
        assert_eq!(shown(&app), expected, "{keys}");
    }
    type_in(&mut app, "/hop~^");
    assert_eq!((app.view.filter(), app.view.matches()), ("", 3));
}

#[test]
fn first_match_is_selected_unless_the_selected_action_matches() {
    let mut app = app();
    press(&mut app, 'j');
    for (keys, expected) in [("/u", "run"), ("<p", "jump"), ("^", "run")] {
        type_in(&mut app, keys);
        assert_eq!(selected(&app), expected, "{keys}");
    }
}

#[test]
fn filter_without_capitals_matches_them_too() {
    let mut app = empty(MINUTE, &[]);
    app.show(Status::default(), |_| answer(&[("GET /Cart", vec![1.0]), ("get /cart", vec![1.0])]));
    for (text, matches) in [("cart", 2), ("Cart", 1), ("CART", 0), ("GET /", 1), ("t /", 2)] {
        app.view.filter_by(text);
        assert_eq!(app.view.matches(), matches, "{text}");
    }
}

#[test]
fn typed_letters_are_not_keys_but_arrows_are() {
    let mut app = app();
    type_in(&mut app, "/");
    for key in ['q', ' ', '-', '?'] {
        assert_eq!(press(&mut app, key), None);
    }
    assert_eq!((app.view.filter(), app.is_paused), ("q -?", false));
    type_in(&mut app, "^/u");
    app.press(KeyCode::Down.into());
    assert_eq!(selected(&app), "run");
    let interrupt = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(app.press(interrupt), Some(Request::Interrupt));
}

#[test]
fn columns_are_chosen_by_name() {
    let mut app = app();
    type_in(&mut app, "f,p99.9, min,min~");
    let words: Vec<_> = app.view.columns().iter().map(Column::word).collect();
    assert_eq!(words.join(","), "count,rate,total,share,mean,p50,p99,max,p99.9,min");
    // The sorted column is gone, so the first one is sorted.
    app.ask(Question::Columns, "p50,max".into());
    type_in(&mut app, "~");
    assert_eq!(app.view.sorted_by(), (&column("p50"), column("p50").order()));
    type_in(&mut app, "f,min^");
    assert_eq!(app.view.columns().len(), 2);
}

#[test]
fn other_columns_are_refused_with_a_reason() {
    for (typed, expected) in [
        (
            "p999",
            "`p999`: expected rate, count, total, share, mean, min, max, stddev, variance, \
                  median, or a quantile from p0 to p100",
        ),
        ("stddev", "`stddev` is not kept, start with `--stat stddev`"),
        (" ,", "no column, expected some, such as `count,rate,p99.9`"),
    ] {
        let mut app = app();
        let before = app.view.columns().to_vec();
        app.ask(Question::Columns, typed.to_owned());
        type_in(&mut app, "~");
        let Screen::Typing(prompt) = &app.screen else { panic!("{:?}", app.screen) };
        assert_eq!(prompt.problem.as_deref(), Some(expected));
        assert_eq!(app.view.columns(), before);
        // The text can be corrected.
        type_in(&mut app, "<");
        assert!(matches!(&app.screen, Screen::Typing(prompt) if prompt.problem.is_none()));
    }
    let counts = Offer::Counts.parse("count,mean").unwrap_err();
    assert_eq!(counts, "`mean`: records are only counted, expected count, rate or share");
}

#[test]
fn enter_shows_the_selected_action_and_esc_returns() {
    let mut app = app();
    press(&mut app, 'j');
    for end in ["^", "~"] {
        type_in(&mut app, "~");
        let expected = Details { action: (false, "run".into()), above: 0 };
        assert_eq!(app.screen, Screen::Details(expected));
        type_in(&mut app, "jjk");
        assert!(matches!(&app.screen, Screen::Details(details) if details.above == 1));
        assert_eq!(selected(&app), "run");
        type_in(&mut app, end);
        assert_eq!(app.screen, Screen::Table);
    }
    let mut empty = empty(MINUTE, &[]);
    type_in(&mut empty, "~");
    assert_eq!(empty.screen, Screen::Table);
}

#[test]
fn only_q_and_ctrl_c_quit() {
    let mut app = app();
    assert_eq!(app.press(KeyCode::Esc.into()), None);
    assert_eq!(press(&mut app, 'q'), Some(Request::Quit));
    let interrupt = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(app.press(interrupt), Some(Request::Interrupt));
    type_in(&mut app, "~");
    assert_eq!(press(&mut app, 'q'), Some(Request::Quit));
}

#[test]
fn any_other_key_closes_the_help() {
    let mut app = app();
    let order = app.view.sorted_by().1;
    for key in ['?', 'h'] {
        press(&mut app, key);
        assert_eq!(app.screen, Screen::Help(0));
        press(&mut app, 'j');
        assert_eq!(app.screen, Screen::Help(1));
        assert_eq!(press(&mut app, 'o'), None);
        assert_eq!((&app.screen, app.view.sorted_by().1), (&Screen::Table, order));
    }
}

#[test]
fn column_to_sort_by_is_shown() {
    let setup = |names: &str, sort: Option<&str>| {
        let columns = names.split(',').map(|name| name.parse().unwrap()).collect();
        let (span, offer) = (MINUTE, Offer::Times);
        App::new(Setup {
            source: String::new(),
            span,
            actions_max: 1,
            figures: Figures::default(),
            columns,
            sort: sort.map(column),
            offer,
            marks: Marks::default(),
        })
    };
    for (columns, sort, expected, number) in [
        ("count,rate", None, "rate", 2),
        ("p99,count", None, "p99", 2),
        ("count", Some("p99.9"), "p99.9", 2),
        ("count", Some("action"), "action", 1),
    ] {
        let app = setup(columns, sort);
        assert_eq!((app.view.sorted_by().0.word(), app.view.columns().len()), (expected, number));
    }
}
