//! The chart: for each headline row a bar for CoreKey and bars for the two best
//! peers, as long as their time; the longest of them is as long in every row.
//! Plain SVG that follows the reader's light or dark setting, on a ground of its
//! own, so that it can be read where a viewer follows another one.

use serde_json::Value;

use super::tables;

const WIDTH: usize = 860;
/// Where bars begin, and how long the longest of a row is.
const LEFT: usize = 330;
const LONGEST: f64 = 380.0;
const BAR: usize = 12;
const ROW: usize = 52;
const TOP: usize = 64;

const STYLE: &str = "\
text{font:13px system-ui,sans-serif;fill:#1f2328}\
.title{font-size:16px;font-weight:600}\
.small{font-size:11px}\
.page{fill:#fff}.ours{fill:#0969da}.peer{fill:#8c959f}.next{fill:#c4cad0}\
@media (prefers-color-scheme:dark){\
text{fill:#e6edf3}.page{fill:#0d1117}.ours{fill:#4493f8}.peer{fill:#7d8590}.next{fill:#484f58}}";

pub(super) fn svg(raw: &Value) -> String {
    let rows = tables::headline_rows(raw);
    let height = TOP + rows.len() * ROW + 20;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-labelledby=\"title\">\n\
         <title id=\"title\">Time of one operation, CoreKey and the two fastest peers</title>\n\
         <style>{STYLE}</style>\n\
         <rect class=\"page\" width=\"{WIDTH}\" height=\"{height}\" rx=\"6\"/>\n\
         <text class=\"title\" x=\"16\" y=\"26\">Time of one operation: shorter is better</text>\n\
         <text class=\"small\" x=\"16\" y=\"44\">{}</text>\n",
        escaped(&source(raw))
    );
    for (place, row) in rows.into_iter().enumerate() {
        svg.push_str(&group(row, TOP + place * ROW).unwrap_or_default());
    }
    svg.push_str("</svg>\n");
    svg
}

/// One operation's bars.
fn group(row: &Value, y: usize) -> Option<String> {
    let peers = tables::peers(row);
    let mut bars = vec![("ours", "CoreKey", tables::took(row, tables::RUST)?)];
    let classes = ["peer", "next"];
    bars.extend(classes.iter().zip(&peers).map(|(&class, &(name, ns))| (class, name, ns)));
    let longest = bars.iter().map(|(_, _, ns)| *ns).fold(0.0, f64::max);
    let mut svg = String::new();
    for (place, line) in lines(row["title"].as_str()?).into_iter().enumerate() {
        let baseline = y + 24 + place * 16;
        svg.push_str(&format!("<text x=\"16\" y=\"{baseline}\">{}</text>\n", escaped(line)));
    }
    for (place, (class, name, ns)) in bars.into_iter().enumerate() {
        let length = (ns / longest * LONGEST).max(1.0);
        let top = y + place * (BAR + 2);
        svg.push_str(&format!(
            "<rect class=\"{class}\" x=\"{LEFT}\" y=\"{top}\" width=\"{length:.1}\" \
             height=\"{BAR}\" rx=\"2\"/>\n\
             <text class=\"small\" x=\"{:.1}\" y=\"{}\">{} {}</text>\n",
            LEFT as f64 + length + 6.0,
            top + BAR - 2,
            escaped(name),
            tables::time(ns)
        ));
    }
    Some(svg)
}

/// A title in one line, or in two if it would run into the bars.
fn lines(title: &str) -> Vec<&str> {
    const FITS: usize = 44;
    if title.len() <= FITS {
        return vec![title];
    }
    let place = title[..FITS].rfind(", ");
    place.map_or(vec![title], |place| vec![&title[..=place], title[place + 1..].trim()])
}

fn source(raw: &Value) -> String {
    let [cpu, commit, date, command] = ["cpu", "commit", "date", "command"]
        .map(|field| raw["measured"][field].as_str().unwrap_or("unknown"));
    format!("{cpu}, one core; commit {commit}, {date}: {command}")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_a_bar_for_ours_and_for_two_peers() {
        let svg = svg(&tables::tests::raw());
        let bars =
            ["ours", "peer", "next"].map(|class| svg.contains(&format!("class=\"{class}\"")));
        assert_eq!(bars, [true; 3]);
        assert!(svg.contains("width=\"76.0\"") && svg.contains("CoreKey 20 ns"), "{svg}");
    }

    #[test]
    fn a_long_title_is_broken_at_a_comma() {
        let title = "HKDF-Expand, 32 B, ready root, 16 devices at once (each)";
        assert_eq!(lines(title), ["HKDF-Expand, 32 B, ready root,", "16 devices at once (each)"]);
        assert_eq!(lines("HMAC, 64 B"), ["HMAC, 64 B"]);
    }

    #[test]
    fn what_svg_would_read_as_its_own_is_escaped() {
        assert_eq!(escaped("a < b & c"), "a &lt; b &amp; c");
    }
}
