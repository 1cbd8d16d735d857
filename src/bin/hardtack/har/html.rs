//! The replay as one HTML page that needs nothing else: no network, no other file.
//!
//! Head, findings and inventory are HTML; the timeline and the panes are made by the script, of the data. Whatever is of
//! the recording is escaped, and the script takes it as text only.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use hardtack::recording::{CookieLife, Entry, Line, Verdict};
use hardtack::{Destination, PublicSuffixList, Receipt, Rejection};
use serde_json::{Value, json};

use crate::har::document::{destination, result, set_by, url};
use crate::har::findings::{Cause, Kind, is_expected};
use crate::har::text::lifetime;
use crate::har::{Report, SANITIZED};
use crate::secrets::Values;
use crate::shown::{cut, shown};
use crate::time::rfc3339;

const STYLE: &str = include_str!("page/style.css");
const SCRIPT: &str = include_str!("page/script.js");
const MARKS: &str = include_str!("page/marks.svg");

/// The hashes of the script and the style, which are all that a browser may run and apply of the page.
const SCRIPT_HASH: &str = include_str!("page/script.sha256");
const STYLE_HASH: &str = include_str!("page/style.sha256");

/// The cards of explained differences, and the links to requests of a card, that are shown.
const LINKS: usize = 12;

/// The lines that were never stored, by name and reason, that are shown.
const NEVER: usize = 500;

/// Writes a plain text as HTML.
fn esc(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            character => escaped.push(character),
        }
    }
    escaped
}

fn text(octets: &[u8]) -> String {
    shown(octets)
}

fn name_of(octets: &[u8]) -> String {
    if octets.is_empty() {
        "(no name)".to_owned()
    } else {
        cut(octets, 60)
    }
}

/// Writes a message as HTML: what it quotes by \` is code.
fn prose(message: &str) -> String {
    let escaped = esc(message);
    if escaped.matches('`').count() % 2 == 1 {
        return escaped;
    }
    let mut html = String::new();
    for (place, part) in escaped.split('`').enumerate() {
        if place % 2 == 0 {
            html.push_str(part);
        } else {
            let _ = write!(html, "<code>{part}</code>");
        }
    }
    html
}

/// Writes a number with a comma between thousands.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Writes a number and a noun.
fn counted(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(number))
}

/// Makes the page.
pub(super) fn page(report: &Report<'_>) -> String {
    let page = Page {
        report,
        troubles: troubles(report),
        list: PublicSuffixList::embedded(),
    };
    let mut html = String::new();
    // Nothing that is written to a string fails.
    let _ = write!(
        html,
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'\">\
         <meta name=\"referrer\" content=\"no-referrer\"><title>{}: cookies</title><style>{STYLE}</style></head><body>\n{MARKS}",
        SCRIPT_HASH.trim(),
        STYLE_HASH.trim(),
        esc(report.name),
    );
    html.push_str(if page.has_timeline() {
        "<a class=\"skip\" href=\"#timeline\">Skip to the timeline</a>"
    } else {
        "<a class=\"skip\" href=\"#main\">Skip to the findings</a>"
    });
    page.head(&mut html);
    page.tools(&mut html);
    let _ = write!(
        html,
        "<main id=\"main\"{}>",
        if page.has_timeline() {
            ""
        } else {
            " class=\"alone\""
        }
    );
    page.findings(&mut html);
    html.push_str(
        "<section class=\"tl\" id=\"timeline\" aria-label=\"Timeline\" hidden data-js=\"timeline\"><div class=\"stick\" id=\"stick\">\
         <canvas id=\"over\" class=\"over\" aria-hidden=\"true\" hidden></canvas><div id=\"frame\" hidden></div>\
         <div class=\"view\" id=\"view\"></div></div><div class=\"tip\" id=\"tip\" role=\"tooltip\" hidden></div></section>",
    );
    page.inventory(&mut html);
    html.push_str("</main>");
    let data = page.data().to_string();
    let data = data
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026");
    let data = data
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029");
    let _ = write!(
        html,
        "<script type=\"application/json\" id=\"data\">{data}</script>\n<script>{SCRIPT}</script></body></html>\n"
    );
    html
}

/// The keys of the timeline.
const KEYS: &str = "<details id=\"keys\"><summary>Keys <kbd>?</kbd></summary><div><p>While the timeline has the focus:</p><dl>\
<dt><kbd>←</kbd> <kbd>→</kbd> <kbd>↑</kbd> <kbd>↓</kbd></dt><dd>a request, a cookie</dd>\
<dt><kbd>Home</kbd> <kbd>End</kbd></dt><dd>first and last request</dd>\
<dt><kbd>Page</kbd></dt><dd>ten rows up or down</dd>\
<dt><kbd>[</kbd> <kbd>]</kbd></dt><dd>previous and next navigation</dd>\
<dt><kbd>n</kbd> <kbd>p</kbd></dt><dd>next and previous finding</dd>\
<dt><kbd>Enter</kbd></dt><dd>its pane; opens and folds a site</dd>\
<dt><kbd>Esc</kbd></dt><dd>back to where you were</dd>\
<dt><kbd>+</kbd> <kbd>−</kbd> <kbd>0</kbd></dt><dd>zoom in, out, to fit</dd>\
<dt><kbd>/</kbd></dt><dd>search</dd></dl></div></details>";

struct Page<'p> {
    report: &'p Report<'p>,
    /// Of each cookie: how often a line for it was refused, and how often it was not sent though it may be expected.
    troubles: Vec<[usize; 2]>,
    list: PublicSuffixList,
}

fn troubles(report: &Report<'_>) -> Vec<[usize; 2]> {
    let mut troubles = vec![[0; 2]; report.replay.cookies.len()];
    for entry in &report.replay.entries {
        for line in entry.lines.iter().filter(|line| line.is_refused()) {
            if let Some(id) = line.cookie {
                troubles[id][0] += 1;
            }
        }
        for withheld in entry.withheld.iter().filter(|it| is_expected(it)) {
            troubles[withheld.cookie][1] += 1;
        }
    }
    troubles
}

/// A part of a bar: a class, its word, the filter that leaves it, and how many.
type Part = (&'static str, &'static str, &'static str, usize);

impl Page<'_> {
    fn entries(&self) -> &[Entry] {
        &self.report.replay.entries
    }

    /// True if there is something to put on a timeline.
    fn has_timeline(&self) -> bool {
        let has_lines = self.entries().iter().any(|entry| !entry.lines.is_empty());
        has_lines || !self.report.replay.cookies.is_empty()
    }

    fn link(&self, position: usize) -> String {
        format!(
            "<a href=\"#p=r{position}\">#{}</a>",
            self.entries()[position].index
        )
    }

    fn head(&self, html: &mut String) {
        let report = self.report;
        let recording = report.recording;
        let name = report.name.rsplit('/').next().unwrap_or_default();
        let mut who = vec![format!("<b>hardtack</b> {}", esc(name))];
        let by = [recording.browser(), recording.creator()];
        let by: Vec<String> = by
            .into_iter()
            .flatten()
            .map(|by| esc(&text(by.as_bytes())))
            .collect();
        who.push(by.join(", by "));
        if let (Some(first), Some(last)) = (self.entries().first(), self.entries().last()) {
            let took = last.time.duration_since(first.time).unwrap_or_default();
            who.push(esc(&rfc3339(first.time)));
            who.push(format!(
                "{} in {:.2} s",
                counted(self.entries().len(), "request"),
                took.as_secs_f64()
            ));
        }
        who.retain(|part| !part.is_empty());
        let who: Vec<String> = who
            .into_iter()
            .map(|part| format!("<span>{part}</span>"))
            .collect();
        let safe = match report.values {
            Values::Hide => "<span class=\"safe\">Values are hidden: safe to share</span>",
            Values::Show => "<span class=\"safe no\">Values are shown: do not share</span>",
        };
        let _ = write!(
            html,
            "<header><div class=\"who\">{}{safe}</div><div class=\"verdict\"><h1>{}</h1>{}</div>",
            who.concat(),
            self.verdict(),
            self.first_look(),
        );
        self.bars(html);
        // The verdict says of a sanitized recording what its note says.
        let is_said =
            |note: &&String| !(recording.is_sanitized() && note.contains("exported without"));
        for note in report.notes.iter().filter(is_said) {
            let _ = write!(
                html,
                "<p class=\"note\">Note: {}.</p>",
                prose(&text(note.as_bytes()))
            );
        }
        if report.replay.blocks_third_parties {
            html.push_str(
                "<p class=\"note\">The browser blocked third-party cookies throughout.</p>",
            );
        }
        html.push_str("</header>");
    }

    fn verdict(&self) -> String {
        let report = self.report;
        let summary = &report.replay.summary;
        if report.recording.is_sanitized() {
            return "The recording was exported without cookies, so that nothing can be said of them."
                .to_owned();
        }
        if summary.entries == 0 {
            return "Nothing was recorded.".to_owned();
        }
        let first_of = |kind: Kind| {
            let place = report
                .findings
                .causes
                .iter()
                .position(|cause| cause.kind == kind);
            place.map_or(String::new(), |place| format!("#p=f{place}"))
        };
        let mut parts = Vec::new();
        if summary.unexplained > 0 {
            let link = first_of(Kind::Unexplained);
            parts.push(format!(
                "<a class=\"bad\" href=\"{link}\">{} Cookie {}</a> not explained",
                grouped(summary.unexplained),
                if summary.unexplained == 1 {
                    "header is"
                } else {
                    "headers are"
                }
            ));
        }
        let without = report.findings.requests_without();
        if without > 0 {
            let link = first_of(Kind::NotSent);
            let requests = counted(without, "request");
            parts.push(format!("<a class=\"warn\" href=\"{link}\">{requests}</a> went without a cookie you may expect"));
        }
        if summary.refused > 0 {
            let link = first_of(Kind::Refused);
            parts.push(format!(
                "<a class=\"bad\" href=\"{link}\">{} of {}</a> Set-Cookie lines {} refused",
                grouped(summary.refused),
                grouped(summary.lines),
                if summary.refused == 1 { "was" } else { "were" },
            ));
        }
        if parts.is_empty() {
            return report.all_is_well().to_owned();
        }
        let last = parts.pop().unwrap_or_default();
        if parts.is_empty() {
            return format!("{last}.");
        }
        format!("{}, and {last}.", parts.join(", "))
    }

    /// The finding that hits the most requests of a first party.
    fn first_look(&self) -> String {
        let causes = self.report.findings.causes.iter();
        let of_first = causes.filter(|cause| {
            cause.kind != Kind::Explained
                && cause.is_first_party
                && cause.reason != "no-credentials"
        });
        let worst = of_first.min_by_key(|cause| (cause.kind, Reverse(cause.entries.len())));
        if self.report.recording.is_sanitized() {
            return format!("<p>{}.</p>", esc(&capital(how_to_export())));
        }
        let Some(cause) = worst else {
            return String::new();
        };
        let name = cause
            .names
            .first()
            .map_or(String::new(), |name| name_of(name));
        let entry = cause.entries.first().copied().unwrap_or_default();
        let at = &self.entries()[entry];
        format!(
            "<p>First look: <code>{}</code>, {}, at <a href=\"#p=r{entry}\">#{} <code>{}</code></a>.</p>",
            esc(&name),
            prose(&self.report.values.message(cause.wrong.clone())),
            at.index,
            esc(&cut(url(&at.url, self.report.values).as_bytes(), 60)),
        )
    }

    fn bars(&self, html: &mut String) {
        if !self.has_timeline() {
            return;
        }
        let mut lines = [0_usize; 4];
        for line in self.entries().iter().flat_map(|entry| &entry.lines) {
            lines[match &line.verdict {
                Verdict::Received(Receipt::Expired) => 1,
                Verdict::Received(_) => 0,
                Verdict::Refused(_) => 3,
                _ => 2,
            }] += 1;
        }
        let summary = &self.report.replay.summary;
        html.push_str("<div class=\"bars\">");
        bar(
            html,
            "Set-Cookie lines",
            &[
                ("b-set", "stored", "stored", lines[0]),
                ("b-end", "deleted", "expired", lines[1]),
                ("b-scope", "no effect", "none", lines[2]),
                ("b-bad", "refused", "refused", lines[3]),
            ],
        );
        bar(
            html,
            "Cookie headers",
            &[
                ("b-sent", "as predicted", "agree", summary.agree),
                ("b-end", "explained", "explained", summary.explained),
                ("b-bad", "unexplained", "unexplained", summary.unexplained),
            ],
        );
        html.push_str("</div>");
    }

    fn tools(&self, html: &mut String) {
        let shown = if self.has_timeline() { "data-js" } else { "" };
        let _ = write!(
            html,
            "<div class=\"tools\" id=\"tools\" role=\"region\" aria-label=\"Tools\" hidden {shown}>\
             <label class=\"hid\" for=\"search\">Cookie, host or path</label><input id=\"search\" type=\"search\" placeholder=\"Cookie, host or path\" aria-keyshortcuts=\"/\">\
             <div class=\"chips\" id=\"chips\" role=\"group\" aria-label=\"Marks: press to dim the others, again to hide them\"></div>\
             <div class=\"zoom\" role=\"group\" aria-label=\"Zoom\"><button id=\"out\" type=\"button\" aria-label=\"Zoom out\">−</button><button id=\"fit\" type=\"button\">Fit</button><button id=\"in\" type=\"button\" aria-label=\"Zoom in\">+</button></div>\
             {KEYS}</div><div class=\"said-bar\" id=\"note\" hidden><span id=\"said\" role=\"status\"></span><button id=\"clear\" type=\"button\" hidden>Show all</button></div>",
        );
    }

    fn findings(&self, html: &mut String) {
        html.push_str("<div class=\"side\"><aside class=\"pane\" id=\"pane\" aria-label=\"Findings\"><div id=\"findings\"><h2>Findings <small>worst first</small></h2><details id=\"legend\" hidden><summary>What the marks mean at this zoom</summary></details>");
        let causes = &self.report.findings.causes;
        for kind in Kind::ALL {
            let of_kind: Vec<(usize, &Cause)> = causes
                .iter()
                .enumerate()
                .filter(|(_, cause)| cause.kind == kind)
                .collect();
            if of_kind.is_empty() {
                continue;
            }
            let is_folded = kind == Kind::Explained;
            if is_folded {
                let _ = write!(
                    html,
                    "<details class=\"folded\"><summary>{} ({})</summary>",
                    kind.heading(),
                    of_kind.len()
                );
            } else {
                let _ = write!(html, "<h3>{}</h3>", kind.heading());
            }
            for (place, cause) in of_kind {
                self.card(html, place, cause);
            }
            if is_folded {
                html.push_str("</details>");
            }
        }
        if causes.is_empty() {
            html.push_str(if self.report.recording.is_sanitized() {
                "<p>None can be told without cookies.</p>"
            } else if self.entries().is_empty() {
                "<p>There are none, as there is no request.</p>"
            } else {
                "<p>There are none: nothing was refused, and every Cookie header is as predicted.</p>"
            });
        }
        html.push_str("</div></aside></div>");
    }

    fn card(&self, html: &mut String, place: usize, cause: &Cause) {
        let (class, mark, noun) = match cause.kind {
            Kind::Unexplained => ("unexplained", "refused", "cookie"),
            Kind::NotSent => ("not-sent", "withheld", "request"),
            Kind::Refused => ("refused", "refused", "line"),
            Kind::Explained => ("explained", "script", "request"),
        };
        let count = if noun == "request" {
            cause.entries.len()
        } else {
            cause.count
        };
        let names: Vec<String> = cause
            .names
            .iter()
            .take(1)
            .map(|name| format!("<code>{}</code>", esc(&name_of(name))))
            .collect();
        let more = cause.names.len().saturating_sub(1);
        let more = if more > 0 {
            format!(" and {} more", grouped(more))
        } else {
            String::new()
        };
        let values = self.report.values;
        let _ = write!(
            html,
            "<article class=\"card k-{class}\" id=\"p=f{place}\"><h4><svg class=\"mk {mark}\" aria-hidden=\"true\"><use href=\"#{mark}\"/></svg><a href=\"#p=f{place}\">{}{more}</a> <span class=\"n\">{}</span></h4><p>{}.</p>",
            names.concat(),
            counted(count, noun),
            prose(&capital(&values.message(cause.wrong.clone()))),
        );
        if let Some((entry, line)) = cause.line {
            let line = &self.entries()[entry].lines[line];
            html.push_str("<code class=\"ln\">");
            for (piece, how) in self.pieces(line) {
                let piece = esc(&piece);
                let _ = match how {
                    'v' => write!(html, "<i>{piece}</i>"),
                    'a' => write!(html, "<ins>{piece}</ins>"),
                    'd' => write!(html, "<del>{piece}</del>"),
                    _ => write!(html, "{piece}"),
                };
            }
            html.push_str("</code>");
        }
        if !cause.fix.is_empty() {
            let _ = write!(
                html,
                "<p class=\"fix\">{}.</p>",
                prose(&capital(&values.message(cause.fix.clone())))
            );
        }
        html.push_str("<p class=\"ref\">");
        if let Some(citation) = cause.citation {
            let _ = write!(
                html,
                "<a href=\"{}\" rel=\"noreferrer\">{}</a>",
                esc(&citation.link()),
                esc(&citation.to_string())
            );
        }
        if let Some(name) = cause.dev_tools_name {
            let _ = write!(html, "<span>{}</span>", esc(name));
        }
        let links: Vec<String> = cause
            .entries
            .iter()
            .take(LINKS)
            .map(|entry| self.link(*entry))
            .collect();
        let more = cause.entries.len().saturating_sub(LINKS);
        let more = if more > 0 {
            format!(" and {} more", grouped(more))
        } else {
            String::new()
        };
        let _ = write!(html, "<span>{}{more}</span></p></article>", links.join(" "));
    }

    /// A line in pieces: text, `v` for what stands for its value, `a` to add, `d` to drop.
    fn pieces(&self, line: &Line) -> Vec<(String, char)> {
        let values = self.report.values;
        let octets = line.octets();
        let mut parts = octets.split(|octet| *octet == b';');
        let pair = parts.next().unwrap_or_default();
        let mut pieces = Vec::new();
        if pair.contains(&b'=') {
            pieces.push((format!("{}=", cut(&line.pair.name, 80)), ' '));
        }
        pieces.push(match values {
            Values::Show => (cut(line.pair.value(), 80), 'v'),
            Values::Hide => (self.report.stand_ins.letter(line.pair.value()), 'v'),
        });
        let drop = line.mend.as_ref().map_or(&[][..], |mend| &mend.drop);
        for part in parts.take(40) {
            let is_dropped = drop.iter().any(|drop| drop.as_bytes() == part.trim_ascii());
            let mut whole = pair.to_vec();
            whole.push(b';');
            whole.extend_from_slice(part);
            // The first piece of a hidden line is the pair.
            let hidden = values.line(&whole);
            let after = hidden.iter().position(|octet| *octet == b';').unwrap_or(0);
            pieces.push((
                cut(&hidden[after..], 120),
                if is_dropped { 'd' } else { ' ' },
            ));
        }
        for add in line.mend.iter().flat_map(|mend| &mend.add) {
            pieces.push((format!("; {add}"), 'a'));
        }
        pieces
    }

    fn inventory(&self, html: &mut String) {
        let cookies = &self.report.replay.cookies;
        if !self.has_timeline() {
            if !self.entries().is_empty() && !self.report.recording.is_sanitized() {
                html.push_str("<section class=\"inv\" id=\"inventory\"><h2>Inventory</h2><p>No cookie was set or sent.</p></section>");
            }
            return;
        }
        let third = cookies.iter().filter(|it| !it.is_first_party).count();
        let third = match third {
            0 => "no third party has one".to_owned(),
            1 => "1 is a third party’s".to_owned(),
            third => format!("{} are third parties’", grouped(third)),
        };
        let _ = write!(
            html,
            "<section class=\"inv\" id=\"inventory\" aria-label=\"Inventory\"><h2>Inventory <small>{} that lived; {third}</small>",
            counted(cookies.len(), "cookie"),
        );
        if cookies.is_empty() {
            html.push_str("</h2><p>No line was stored, and no cookie was sent.</p>");
        } else {
            html.push_str(
                "<button id=\"csv\" type=\"button\" hidden data-js>Save as CSV</button></h2>",
            );
            self.cookies(html);
        }
        self.never_stored(html);
        html.push_str("</section>");
    }

    fn cookies(&self, html: &mut String) {
        let cookies = &self.report.replay.cookies;
        html.push_str(
            "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Cookies that lived\"><table><thead><tr>",
        );
        for head in [
            "Cookie",
            "Host and path",
            "Party",
            "Lifetime",
            "Secure",
            "HttpOnly",
            "SameSite",
            "Partition",
            "Octets",
            "Set by",
            "Sent",
            "Findings",
        ] {
            let _ = write!(
                html,
                "<th scope=\"col\"{}><button type=\"button\">{head}</button></th>",
                if matches!(head, "Octets" | "Sent") {
                    " class=\"num\""
                } else {
                    ""
                },
            );
        }
        html.push_str("</tr></thead><tbody>");
        let mut order: Vec<usize> = (0..cookies.len()).collect();
        order.sort_by_key(|id| {
            (
                !cookies[*id].is_first_party,
                Reverse(self.troubles[*id].iter().sum::<usize>()),
                Reverse(self.report.findings.of_cookie(*id).len()),
            )
        });
        for id in order {
            self.row(html, id, &cookies[id]);
        }
        html.push_str("</tbody></table></div>");
    }

    /// The lines that never became a cookie, each name and reason once.
    fn never_stored(&self, html: &mut String) {
        let mut groups: Vec<(String, String, String, Vec<usize>)> = Vec::new();
        let mut places: HashMap<(String, String, String), usize> = HashMap::new();
        let mut count = 0;
        for (position, entry) in self.entries().iter().enumerate() {
            for line in entry.lines.iter().filter(|line| line.cookie.is_none()) {
                count += 1;
                let why = match line.rejection() {
                    Some(refused) => self.report.values.message(refused.to_string()),
                    None => "the request was made without credentials".to_owned(),
                };
                let host = entry.url.host_str().unwrap_or_default().to_owned();
                let key = (name_of(&line.pair.name), host, why);
                let place = *places.entry(key.clone()).or_insert_with(|| {
                    groups.push((key.0, key.1, key.2, Vec::new()));
                    groups.len() - 1
                });
                groups[place].3.push(position);
            }
        }
        if groups.is_empty() {
            return;
        }
        let verb = if count == 1 { "was" } else { "were" };
        let _ = write!(
            html,
            "<details class=\"folded\"><summary>{} {verb} never stored</summary><div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Lines that were never stored\"><table><thead><tr><th scope=\"col\">Cookie</th><th scope=\"col\">Host</th><th scope=\"col\">Requests</th><th scope=\"col\">Why</th></tr></thead><tbody>",
            counted(count, "line"),
        );
        for (name, host, why, entries) in groups.iter().take(NEVER) {
            let links: Vec<String> = entries
                .iter()
                .take(LINKS)
                .map(|it| self.link(*it))
                .collect();
            let more = entries.len().saturating_sub(LINKS);
            let more = if more > 0 {
                format!(" and {} more", grouped(more))
            } else {
                String::new()
            };
            let _ = write!(
                html,
                "<tr><td>{}</td><td class=\"mono\">{}</td><td>{}{more}</td><td class=\"wrap\">{}</td></tr>",
                esc(name),
                esc(&text(host.as_bytes())),
                links.join(" "),
                prose(why),
            );
        }
        html.push_str("</tbody></table></div>");
        if groups.len() > NEVER {
            let _ = write!(html, "<p>And {} more.</p>", grouped(groups.len() - NEVER));
        }
        html.push_str("</details>");
    }

    fn row(&self, html: &mut String, id: usize, cookie: &CookieLife) {
        let yes = |is: bool| {
            if is {
                "<td>✓</td>"
            } else {
                "<td class=\"faint\">–</td>"
            }
        };
        let granted = cookie.granted_secs;
        let life = match asked(cookie) {
            Some(asked) => format!("{} → {}", lifetime(asked), lifetime(granted.unwrap_or(0))),
            None => life(cookie),
        };
        let findings = self.report.findings.of_cookie(id).iter();
        let findings: Vec<String> = findings.map(|it| it.name.clone()).collect();
        let troubles = self.troubles.get(id).copied().unwrap_or_default();
        let troubles = ["refused", "withheld"].into_iter().zip(troubles);
        let troubles: Vec<(&str, usize)> = troubles.filter(|(_, count)| *count > 0).collect();
        let words = troubles
            .iter()
            .map(|(word, count)| format!("{word} {count}"));
        let words: Vec<String> = words.collect();
        let marks = troubles.iter().map(|(word, count)| {
            format!("<svg class=\"mk {word}\" role=\"img\" aria-label=\"{word}\"><use href=\"#{word}\"/></svg>{} ", grouped(*count))
        });
        let marks: Vec<String> = marks.collect();
        let partition = cookie
            .identity
            .partition
            .as_ref()
            .map_or("–".to_owned(), ToString::to_string);
        let set = match set_by(cookie) {
            "http" => self.first_setter(id, cookie),
            _ => "script or before".to_owned(),
        };
        let _ = write!(
            html,
            "<tr><td><a href=\"#p=c{id}\">{}</a></td><td class=\"mono\">{}{}</td><td>{}</td><td data-sort=\"{}\">{}{life}</td>{}{}<td>{}</td><td class=\"part\">{}</td><td class=\"num\">{}</td><td>{set}</td><td class=\"num\">{}</td><td class=\"wrap\" data-csv=\"{}\">{}{}</td></tr>",
            esc(&name_of(&cookie.identity.name)),
            esc(&text(cookie.scope().as_bytes())),
            esc(&cut(&cookie.identity.path, 40)),
            if cookie.is_first_party {
                "first"
            } else {
                "third"
            },
            granted.unwrap_or(0),
            life_bar(granted),
            yes(cookie.secure),
            yes(cookie.http_only),
            crate::json::same_site(cookie.same_site),
            esc(&partition),
            cookie.octets,
            grouped(cookie.sent),
            esc(&[words, findings.clone()].concat().join(", ")),
            marks.concat(),
            esc(&findings.join(", ")),
        );
    }

    /// A link to the request whose answer set a cookie first.
    fn first_setter(&self, id: usize, cookie: &CookieLife) -> String {
        let position = self.entries().iter().position(|entry| {
            let mut lines = entry.lines.iter();
            lines.any(|line| line.cookie == Some(id) && !line.is_refused())
        });
        position.map_or_else(|| format!("#{}", cookie.first_seen), |it| self.link(it))
    }

    fn site(&self, host: &str) -> String {
        let registrable = self.list.registrable_domain(host.as_bytes());
        registrable.map_or_else(|| host.to_owned(), text)
    }

    fn data(&self) -> Value {
        let mut reasons = BTreeMap::new();
        let places: BTreeMap<usize, usize> = self
            .entries()
            .iter()
            .enumerate()
            .map(|(place, entry)| (entry.index, place))
            .collect();
        let mut navigations = 0;
        let entries: Vec<Value> = self
            .entries()
            .iter()
            .map(|entry| {
                let is_navigation = entry.context.destination == Destination::TopLevel
                    && entry.redirected_from.is_none();
                navigations += usize::from(is_navigation);
                self.entry(
                    entry,
                    &places,
                    is_navigation.then_some(navigations),
                    &mut reasons,
                )
            })
            .collect();
        let causes = self.report.findings.causes.iter().map(|cause| {
            let kind = match cause.kind {
                Kind::Unexplained => "unexplained",
                Kind::NotSent => "not-sent",
                Kind::Refused => "refused",
                Kind::Explained => "explained",
            };
            json!({"k": kind, "q": cause.reason, "at": cause.entries})
        });
        let cookies = self
            .report
            .replay
            .cookies
            .iter()
            .enumerate()
            .map(|(id, cookie)| self.cookie(id, cookie));
        json!({
            "hidden": self.report.values == Values::Hide,
            "pane": if self.entries().len() == 1 { "r0" } else { "" },
            "cookies": cookies.collect::<Vec<_>>(),
            "causes": causes.collect::<Vec<_>>(),
            "entries": entries,
            "reasons": reasons,
        })
    }

    fn entry(
        &self,
        entry: &Entry,
        places: &BTreeMap<usize, usize>,
        navigation: Option<usize>,
        reasons: &mut BTreeMap<&'static str, Value>,
    ) -> Value {
        let values = self.report.values;
        let first = self
            .entries()
            .first()
            .map_or(entry.time, |first| first.time);
        let after = entry.time.duration_since(first).unwrap_or_default();
        let host = entry.url.host_str().unwrap_or_default();
        let whole = url(&entry.url, values);
        let path = whole.splitn(4, '/').nth(3).unwrap_or_default();
        let mut missed = Vec::new();
        let mut gone = Vec::new();
        for difference in entry.differences.iter().filter(|it| !it.recorded) {
            let Some(id) = difference.cookie else {
                continue;
            };
            if difference.reason == "adopted" {
                gone.push(json!([id, difference.text]));
            } else {
                missed.push(json!([id, difference.reason]));
                reasons.entry(difference.reason).or_insert_with(
                    || json!({"t": difference.text, "step": "", "link": null, "dev": null}),
                );
            }
        }
        let differences = entry.differences.iter().map(|it| {
            json!({"n": text(&it.name), "r": it.recorded, "p": it.predicted, "q": it.reason, "x": it.explained, "t": it.text})
        });
        let mut withheld = Vec::new();
        for it in &entry.withheld {
            let reason = it.reason;
            withheld.push(json!([it.cookie, reason.name(), is_expected(it)]));
            reasons.entry(reason.name()).or_insert_with(|| {
                json!({
                    "t": reason.to_string(),
                    "step": reason.citation().map(|it| it.to_string()),
                    "link": reason.citation().map(|it| it.link()),
                    "dev": reason.dev_tools_name(),
                })
            });
        }
        // What was sent is in the order of the cookies, where all of them are known.
        let is_parallel = entry.sent.len() == entry.recorded.len();
        let letters = entry.sent.iter().enumerate().map(|(place, id)| {
            let name = &self.report.replay.cookies[*id].identity.name;
            let pair = match entry.recorded.get(place) {
                Some(pair) if is_parallel => Some(pair),
                _ => entry.recorded.iter().find(|pair| pair.name == *name),
            };
            pair.map_or(String::new(), |pair| self.value(pair.value()))
        });
        let to = entry.redirect.as_ref().and_then(|_| {
            let mut later = self.entries().iter();
            later.position(|later| later.redirected_from == Some(entry.index))
        });
        let lines: Vec<Value> = entry
            .lines
            .iter()
            .map(|line| self.line(line, reasons))
            .collect();
        let party = match entry.context.site_for_cookies() {
            Some(site) => format!("site for cookies {}", site.origin().ascii_serialization()),
            None if entry.context.has_opaque_site_for_cookies() => {
                "opaque site for cookies: cross-site".to_owned()
            }
            None => "no client: same-site".to_owned(),
        };
        json!({
            "i": entry.index,
            "t": u64::try_from(after.as_millis()).unwrap_or(u64::MAX),
            "m": text(entry.method.as_bytes()),
            "u": text(whole.as_bytes()),
            "host": host,
            "path": text(format!("/{path}").as_bytes()),
            "site": self.site(host),
            "s": entry.status,
            "http": entry.url.scheme() == "http",
            "frame": entry.context.destination == Destination::Nested,
            "top": entry.context.destination == Destination::TopLevel,
            "nav": navigation,
            "rf": entry.redirected_from.and_then(|from| places.get(&from)),
            "to": to,
            "ctx": format!("{}, {party}", destination(entry.context.destination)),
            "by": entry.context.from.join(", "),
            "agrees": entry.agrees,
            "sent": entry.sent,
            "letters": letters.collect::<Vec<_>>(),
            "diff": differences.collect::<Vec<_>>(),
            "gone": gone,
            "missed": missed,
            "wh": withheld,
            "oos": entry.out_of_scope,
            "lines": lines,
        })
    }

    fn value(&self, value: &[u8]) -> String {
        match self.report.values {
            Values::Show => cut(value, 80),
            Values::Hide => self.report.stand_ins.letter(value),
        }
    }

    fn line(&self, line: &Line, reasons: &mut BTreeMap<&'static str, Value>) -> Value {
        let refused = line.rejection();
        if let Some(refused) = refused {
            reasons.entry(refused.name()).or_insert_with(|| {
                json!({
                    "t": "",
                    "step": refused.citation().map(|it| it.to_string()),
                    "link": refused.citation().map(|it| it.link()),
                    "dev": refused.dev_tools_name(),
                })
            });
        }
        let shown: Vec<Value> = self
            .pieces(line)
            .into_iter()
            .map(|(text, how)| json!([text, how]))
            .collect();
        let said = refused.map(|refused| self.report.values.message(refused.to_string()));
        json!({
            "c": line.cookie,
            "n": text(&line.pair.name),
            "r": result(&line.verdict),
            "d": line.deviation,
            "t": said.map(|said| text(said.as_bytes())),
            "q": refused.map(Rejection::name),
            "shown": shown,
            "l": self.value(line.pair.value()),
        })
    }

    fn cookie(&self, id: usize, cookie: &CookieLife) -> Value {
        let findings = self.report.findings.of_cookie(id).iter();
        let findings = findings.map(|it| json!([it.name, text(it.message.as_bytes())]));
        json!({
            "n": text(&cookie.identity.name),
            "scope": cookie.scope(),
            "site": self.site(&cookie.identity.domain),
            "ho": cookie.identity.host_only,
            "path": text(&cookie.identity.path),
            "part": cookie.identity.partition.as_ref().map(ToString::to_string),
            "first": cookie.is_first_party,
            "life": life(cookie),
            "asked": asked(cookie).map(lifetime),
            "sec": cookie.secure,
            "http": cookie.http_only,
            "ss": crate::json::same_site(cookie.same_site),
            "oct": cookie.octets,
            "find": findings.collect::<Vec<_>>(),
        })
    }
}

/// The lifetime that was asked for, where another was granted.
fn asked(cookie: &CookieLife) -> Option<i64> {
    let granted = cookie.granted_secs?;
    cookie.asked_secs.filter(|asked| *asked > granted + 1)
}

fn life(cookie: &CookieLife) -> String {
    cookie.granted_secs.map_or("session".to_owned(), lifetime)
}

/// A bar of ten, a step for each power of a lifetime from a minute to 400 days.
fn life_bar(granted: Option<i64>) -> String {
    let steps = [
        1, 60, 600, 3_600, 14_400, 86_400, 604_800, 2_592_000, 7_776_000, 31_536_000,
    ];
    let width = granted.map_or(0, |granted| {
        steps.iter().filter(|step| granted >= **step).count() * 5
    });
    format!(
        "<svg class=\"lt\" width=\"50\" height=\"8\" aria-hidden=\"true\"><rect width=\"50\" height=\"8\"/><rect width=\"{width}\" height=\"8\"/></svg>"
    )
}

/// How to export a recording with cookies, of the message that asks for it.
fn how_to_export() -> &'static str {
    let (_, how) = SANITIZED.split_once(". ").unwrap_or(("", SANITIZED));
    how.split_once(", or go on").map_or(how, |(how, _)| how)
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next();
    first
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(characters)
        .collect()
}

fn bar(html: &mut String, what: &str, parts: &[Part]) {
    let all: usize = parts.iter().map(|(.., count)| count).sum();
    let words: Vec<String> = parts
        .iter()
        .map(|(class, word, filter, count)| {
            let words = format!("{word} {}", grouped(*count));
            if *count == 0 {
                return words;
            }
            let worst = if *class == "b-bad" {
                " class=\"w\""
            } else {
                ""
            };
            format!("<a href=\"#f={filter}\"{worst}>{words}</a>")
        })
        .collect();
    let _ = write!(
        html,
        "<p><span><b>{}</b> {what}</span><span>{}</span></p><svg viewBox=\"0 0 440 18\" preserveAspectRatio=\"none\" aria-hidden=\"true\">",
        grouped(all),
        words.join(" · ")
    );
    // The smallest part is wide enough to be seen.
    let seen: Vec<&Part> = parts.iter().filter(|(.., count)| *count > 0).collect();
    let least = 4;
    let room = 440 - least * seen.len();
    let mut x = 0;
    for (place, (class, _, _, count)) in seen.iter().enumerate() {
        let width = if place + 1 == seen.len() {
            440 - x
        } else {
            least + count * room / all.max(1)
        };
        let gap = usize::from(place + 1 < seen.len());
        let _ = write!(
            html,
            "<rect class=\"{class}\" x=\"{x}\" width=\"{}\" height=\"18\"/>",
            width - gap
        );
        if width > 10 * grouped(*count).len() {
            let _ = write!(
                html,
                "<text x=\"{}\" y=\"13\">{}</text>",
                x + width / 2,
                grouped(*count)
            );
        }
        x += width;
    }
    html.push_str("</svg>");
}
