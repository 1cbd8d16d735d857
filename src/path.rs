//! 5.1.4: default-path, path-match.

/// The request-path of path-match: the path portion of a URL, as it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RequestPath<'a>(pub(crate) &'a [u8]);

/// The cookie-path of path-match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CookiePath<'a>(pub(crate) &'a [u8]);

/// 5.1.4: returns the default-path, which a cookie gets that comes without a Path.
// 5.1.4 step 1: the uri-path is what the caller passes
pub(crate) fn default_path(RequestPath(uri_path): RequestPath<'_>) -> CookiePath<'_> {
    // 5.1.4 step 2: "/" where it is empty or does not begin with "/"
    if !uri_path.starts_with(b"/") {
        return CookiePath(b"/");
    }
    match uri_path.iter().rposition(|octet| *octet == b'/') {
        // 5.1.4 step 3: "/" where there is only one
        None | Some(0) => CookiePath(b"/"),
        // 5.1.4 step 4: up to the right-most "/"
        Some(right_most) => CookiePath(&uri_path[..right_most]),
    }
}

/// Every cookie-path that a path path-matches, but for empty ones.
pub(crate) fn matched_by(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_cut = move |at: &usize| {
        let (before, after) = path.split_at(*at);
        after.is_empty() || before.ends_with(b"/") || after.starts_with(b"/")
    };
    (1..=path.len()).filter(is_cut).map(|at| &path[..at])
}

impl RequestPath<'_> {
    /// 5.1.4: returns true if this request-path path-matches the cookie-path.
    pub(crate) fn path_matches(self, CookiePath(cookie_path): CookiePath<'_>) -> bool {
        let Self(request_path) = self;
        match request_path.strip_prefix(cookie_path) {
            None => false,
            // 5.1.4 step 1: path-match: identical
            // 5.1.4 step 2: path-match: or a prefix that ends with "/"
            // 5.1.4 step 3: path-match: or a prefix that "/" follows
            // Deviation long-path-is-empty (Firefox): but not an empty one, which only this dialect has
            Some(after) => {
                after.is_empty()
                    || cookie_path.ends_with(b"/")
                    || after.starts_with(b"/") && !cookie_path.is_empty()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_paths() {
        let rows = [
            ("", "/"),
            ("/", "/"),
            ("/a", "/"),
            ("/a/", "/a"),
            ("/a/b", "/a"),
            ("/a/b/", "/a/b"),
            ("//", "/"),
            ("//a", "/"),
            ("/a//", "/a/"),
            ("a/b", "/"),
            ("/a%2Fb", "/"),
        ];
        for (uri_path, expected) in rows {
            let CookiePath(path) = default_path(RequestPath(uri_path.as_bytes()));
            assert_eq!(path, expected.as_bytes(), "{uri_path}");
        }
    }

    #[test]
    fn matched_paths_are_those_that_match() {
        for path in ["/", "/a", "/a/", "/a/b", "//", "/a//b/", "/ab/c"] {
            let path = path.as_bytes();
            let prefixes = (1..=path.len()).map(|at| &path[..at]);
            let expected =
                prefixes.filter(|prefix| RequestPath(path).path_matches(CookiePath(prefix)));
            assert!(matched_by(path).eq(expected), "{}", path.escape_ascii());
        }
    }

    #[test]
    fn path_match() {
        let rows = [
            // request-path, cookie-path, does it match
            ("/", "/", true),
            ("/a", "/", true),
            ("/a", "/a", true),
            ("/a/", "/a", true),
            ("/a/b", "/a", true),
            ("/a/b", "/a/", true),
            ("/ab", "/a", false),
            ("/a", "/a/", false),
            ("/a", "/a/b", false),
            ("/A", "/a", false),
            ("//a", "/a", false),
            ("/%61", "/a", false),
        ];
        for (request_path, cookie_path, expected) in rows {
            let matches = RequestPath(request_path.as_bytes())
                .path_matches(CookiePath(cookie_path.as_bytes()));
            assert_eq!(matches, expected, "{request_path} {cookie_path}");
        }
    }
}
