//! Where leads come from. What a form, a campaign or a program says is mapped to a kind by the rules here; what a kind is worth is
//! the scorecard's own matter.

use super::{LeadData, text::folded, words};

words! {
    /// A kind of source.
    SourceKind {
        /// Somebody sent them.
        Referral = "referral",
        /// Found us by searching.
        Organic = "organic_search",
        /// An advertisement that was paid for.
        Paid = "paid_ads",
        /// Our own pages and forms.
        Website = "website",
        /// A post, without payment.
        Social = "social",
        /// A mailing.
        Email = "email",
        /// A fair, a talk.
        Event = "event",
        /// Written down by somebody of us.
        Manual = "manual",
        /// A file.
        Import = "import",
        /// None of these.
        Other = "other",
    }
}

/// Words in a source, and the kind that they tell; the first that is found counts. The documented words are among them as they are.
const WORDS: &[(&str, SourceKind)] = &[
    ("referral", SourceKind::Referral),
    ("referred", SourceKind::Referral),
    ("referid", SourceKind::Referral),
    ("recomend", SourceKind::Referral),
    ("organic", SourceKind::Organic),
    ("seo", SourceKind::Organic),
    ("ads", SourceKind::Paid),
    ("adwords", SourceKind::Paid),
    ("cpc", SourceKind::Paid),
    ("ppc", SourceKind::Paid),
    ("paid", SourceKind::Paid),
    ("anuncio", SourceKind::Paid),
    ("event", SourceKind::Event),
    ("feria", SourceKind::Event),
    ("webinar", SourceKind::Event),
    ("newsletter", SourceKind::Email),
    ("email", SourceKind::Email),
    ("correo", SourceKind::Email),
    ("facebook", SourceKind::Social),
    ("instagram", SourceKind::Social),
    ("linkedin", SourceKind::Social),
    ("tiktok", SourceKind::Social),
    ("social", SourceKind::Social),
    ("import", SourceKind::Import),
    ("manual", SourceKind::Manual),
    ("website", SourceKind::Website),
    ("web", SourceKind::Website),
    ("form", SourceKind::Website),
    ("landing", SourceKind::Website),
];

/// The kind that a text tells. A word counts where a word of the text begins with it.
pub fn of_text(text: &str) -> Option<SourceKind> {
    let text = folded(text);
    let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    WORDS.iter().find(|(begin, _)| words.iter().any(|word| word.starts_with(begin))).map(|(_, kind)| *kind)
}

/// The kind of a lead's source: what the source itself tells, unless it says only that our own form was filled in, in which case how
/// people came to the form (`utm_medium`, then `utm_source`) says more.
pub fn kind(lead: &LeadData) -> SourceKind {
    let own = of_text(&lead.source);
    match own {
        None | Some(SourceKind::Website) => {
            let led = of_text(&lead.utm.medium).or_else(|| of_text(&lead.utm.source));
            led.or(own).unwrap_or(SourceKind::Other)
        }
        Some(kind) => kind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_told_apart() {
        for (source, medium, told) in [
            ("referral", "", SourceKind::Referral),
            ("organic_search", "", SourceKind::Organic),
            ("paid_ads", "", SourceKind::Paid),
            ("facebook_ads_campaign", "", SourceKind::Paid),
            ("Google Ads", "", SourceKind::Paid),
            ("website_contact_form", "", SourceKind::Website),
            ("website_contact_form", "cpc", SourceKind::Paid),
            ("", "organic", SourceKind::Organic),
            ("referido por Ana", "cpc", SourceKind::Referral),
            ("LinkedIn", "", SourceKind::Social),
            ("leads", "", SourceKind::Other),
            ("", "", SourceKind::Other),
        ] {
            let mut lead = LeadData { source: source.into(), ..LeadData::default() };
            lead.utm.medium = medium.into();
            assert_eq!(kind(&lead), told, "{source} {medium}");
        }
    }
}
