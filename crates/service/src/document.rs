//! The page: one document, with its style and its script.

/// The text of the page.
pub(crate) const PAGE: &str = concat!(
    include_str!("page/head.html"),
    "<style>",
    include_str!("page/style.css"),
    "</style>\n",
    include_str!("page/body.html"),
    // One block, so that no name of a part is one of the window.
    "<script>\"use strict\";\n{\n",
    include_str!("page/state.js"),
    include_str!("page/figures.js"),
    include_str!("page/rows.js"),
    include_str!("page/chart.js"),
    include_str!("page/page.js"),
    "}\n",
    "</script>\n</html>\n"
);

/// Allows the page its own style and script, known by their hashes, and requests to its server.
pub(crate) const POLICY: &str = "default-src 'none'; \
    style-src 'sha256-6lwPGG9HMHYU4BE3lm3Dd7jNkdWjhIxrHkOlvN0TAIc='; \
    script-src 'sha256-CpzJIfz6CWkFc7ZzQk9nUBTWhGqmIAq6oiSQePPtOQ8='; \
    connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";
