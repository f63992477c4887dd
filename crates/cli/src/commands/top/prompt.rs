//! A line of text that is typed at the bottom of the screen.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What is being typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Question {
    /// A part of the names to show.
    Filter,
    /// The columns to show.
    Columns,
}

/// A line of text that is being typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Prompt {
    pub(crate) question: Question,
    pub(crate) text: String,
    /// Why the text was refused.
    pub(crate) problem: Option<String>,
}

/// The effect of a key on a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edit {
    /// The text may have changed.
    Changed,
    Accepted,
    Cancelled,
    /// The key is not one of a prompt.
    Unused,
}

impl Prompt {
    /// Creates a prompt with a text to start from.
    pub(crate) fn new(question: Question, text: String) -> Self {
        Self { question, text, problem: None }
    }

    /// Handles a key. Ctrl-U deletes the text, Ctrl-W its last word.
    pub(crate) fn press(&mut self, key: KeyEvent) -> Edit {
        match (key.code, key.modifiers.contains(KeyModifiers::CONTROL)) {
            (KeyCode::Enter, _) => return Edit::Accepted,
            (KeyCode::Esc, _) => return Edit::Cancelled,
            (KeyCode::Char('u'), true) => self.text.clear(),
            (KeyCode::Char('w'), true) => self.delete_word(),
            (KeyCode::Char(typed), false) => self.text.push(typed),
            (KeyCode::Backspace, _) if self.text.is_empty() => return Edit::Cancelled,
            (KeyCode::Backspace, _) => drop(self.text.pop()),
            _ => return Edit::Unused,
        }
        self.problem = None;
        Edit::Changed
    }

    fn delete_word(&mut self) {
        let is_separator = |character: char| matches!(character, ' ' | ',' | '/');
        let kept = self.text.trim_end_matches(is_separator);
        let end = kept.rfind(is_separator).map_or(0, |at| at + 1); // Each takes one byte.
        self.text.truncate(end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Presses keys, in which `<` is backspace, `^` Ctrl-W and `|` Ctrl-U.
    #[track_caller]
    fn check(start: &str, keys: &str, expected: &str) {
        let mut prompt = Prompt::new(Question::Filter, start.to_owned());
        prompt.problem = Some("what was wrong before".into());
        for key in keys.chars() {
            let key = match key {
                '<' => KeyCode::Backspace.into(),
                '^' => KeyEvent::new(KeyCode::Char('w'), KeyModifiers::CONTROL),
                '|' => KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL),
                _ => KeyCode::Char(key).into(),
            };
            assert_eq!(prompt.press(key), Edit::Changed, "{prompt:?}");
        }
        assert_eq!((prompt.text.as_str(), prompt.problem), (expected, None));
    }

    #[test]
    fn text_is_typed_and_deleted() {
        check("", "qué/", "qué/");
        check("", "qué<<", "q");
        check("count,mean", "^", "count,");
        check("GET /cart ", "^p", "GET /p");
        check("cart", "^", "");
        check("count", "|跳", "跳");
    }

    #[test]
    fn keys_end_a_prompt_or_are_left_to_the_table() {
        for (code, edit) in [
            (KeyCode::Enter, Edit::Accepted),
            (KeyCode::Esc, Edit::Cancelled),
            (KeyCode::Backspace, Edit::Cancelled),
            (KeyCode::Down, Edit::Unused),
            (KeyCode::Tab, Edit::Unused),
        ] {
            let mut prompt = Prompt::new(Question::Filter, String::new());
            assert_eq!(prompt.press(code.into()), edit, "{code}");
        }
        let mut prompt = Prompt::new(Question::Filter, String::new());
        let other = KeyEvent::new(KeyCode::Char('x'), KeyModifiers::CONTROL);
        assert_eq!((prompt.press(other), prompt.text.as_str()), (Edit::Unused, ""));
    }
}
