//! Charts as SVG: flame graphs of prefixes, bars of histograms, rings of shares, lanes over time.
//!
//! A [`Drawing`] can stand inside an HTML page, which then brings the styles and the script, or be a file of
//! its own. It refers to nothing outside itself and reads completely without the script.

mod bars;
mod flame;
mod lanes;
mod ring;

pub use bars::histogram;
pub use flame::flame_graph;
pub use lanes::lanes;
pub use ring::shares;

/// Colours of charts, light and dark.
pub const COLORS_CSS: &str = include_str!("../assets/colors.css");
/// How the parts of a drawing look.
pub const CSS: &str = include_str!("../assets/svg.css");
/// Zooms a flame graph on click.
pub const SCRIPT: &str = include_str!("../assets/flame.js");

const NAMESPACE: &str = "http://www.w3.org/2000/svg";

/// A drawing: the attributes of its outer element and the markup inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawing {
    attributes: String,
    body: String,
}

impl Drawing {
    /// The `<svg>` element for an HTML page that has the styles and the script.
    pub fn inline(&self) -> String {
        format!("<svg {}>{}</svg>\n", self.attributes, self.body)
    }

    /// A whole SVG file with its own styles and script.
    pub fn document(&self) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"{NAMESPACE}\" {}>\
             <style>{COLORS_CSS}{CSS}</style>{}<script><![CDATA[\n{SCRIPT}]]></script></svg>\n",
            self.attributes, self.body
        )
    }
}

/// A hue in degrees that is the same for a label in every drawing (FNV-1a, as its bits vary well for short
/// similar names).
fn hue(label: &[u8]) -> u64 {
    let hash = label.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash >> 32) % 360
}

#[cfg(test)]
mod tests {
    use super::super::markup_check::markup_error;
    use super::super::sample;
    use super::*;

    #[test]
    fn documents_are_balanced_and_alone() {
        for drawing in [
            flame_graph(&sample::prefixes()),
            histogram(&sample::sizes()),
            shares(&sample::types()),
            lanes(&sample::lanes()),
        ] {
            let text = drawing.document();
            assert_eq!(markup_error(&text), None);
            let links = text.replace(NAMESPACE, "");
            assert!(
                !links.contains("http") && !links.contains("url(") && !links.contains("@import")
            );
        }
    }

    #[test]
    fn scripts_and_styles_can_be_embedded() {
        for asset in [COLORS_CSS, CSS, SCRIPT] {
            assert!(!asset.contains("]]>") && !asset.contains("</") && !asset.contains("<!"));
        }
        assert!(!COLORS_CSS.contains(['<', '&']) && !CSS.contains(['<', '&']));
    }

    #[test]
    fn hues_are_stable() {
        assert_eq!(hue(b"user:"), hue(b"user:"));
        assert_ne!(hue(b"user:"), hue(b"session:"));
    }
}
