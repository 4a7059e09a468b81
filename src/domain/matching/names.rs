//! What people's names are made of: titles, particles, and the short forms of given names in Spanish and English.

use std::{collections::HashMap, sync::LazyLock};

use super::text::words;

/// Words before or after a name that are no part of it.
const TITLES: [&str; 44] = [
    "mr", "mrs", "ms", "miss", "mx", "dr", "dra", "prof", "profa", "sir", "madam", "sr", "sra", "srta", "don", "dona", "dna",
    "lic", "licda", "ing", "arq", "abg", "abog", "cp", "mtro", "mtra", "herr", "frau", "mme", "mlle", "rev", "hon", "phd", "md",
    "mba", "esq", "jr", "snr", "jnr", "ii", "iii", "iv", "cpa", "dds",
];

/// Words within a surname that come and go.
const PARTICLES: [&str; 27] = [
    "de", "del", "la", "las", "los", "y", "e", "da", "das", "do", "dos", "di", "du", "des", "le", "van", "von", "der", "den",
    "ter", "ten", "zu", "al", "el", "bin", "ibn", "af",
];

/// Given names that stand for each other.
const SHORT_FORMS: &str = "
francisco paco pancho curro fran kiko quico frank francis|jose pepe chepe joseph joe|josefa pepa josefina pepi|ignacio nacho inaki
manuel manolo manu lolo|manuela manoli manola|enrique quique kike henry|eduardo edu lalo edward|roberto robert bob rob beto bobby robbie
guillermo memo william will bill willy billy liam|ricardo richard rick ricky rich dick|carlos charles charlie carlitos chuck|juan john juanito jack johnny jon
miguel michael mike mick micky|antonio toni tono tony anthony|jesus chus suso chuy|rafael rafa raphael|santiago santi yago jaime jacobo james jim jimmy jamie
alejandro alex ale alexander sandro|alejandra alex ale sandra alexandra|daniel dani dan danny|gabriel gabi gabe|gregorio goyo greg gregory
federico fede freddy fred frederick frederic|alfonso poncho fonso|alfredo fredo alfred|luis lucho louis lou lewis|pablo paul|pedro peter perico pete
sebastian sebas|salvador salva chava|vicente vincent chente vince|joaquin quino|fernando fer nando ferdinand|gerardo gerry gerard|jorge george coque
dolores lola loli|mercedes merche meche|concepcion concha conchi conchita|maria mari mary maruja marie|rosario charo|pilar pili|isabel isa chabela elizabeth elisabeth liz beth betty eliza lizzie lisa
teresa tere theresa maite|cristina cris christina tina chris|patricia patri paty pat trish patty|susana susi susan sue suzanne|catalina cata catherine katherine kate kathy katie cathy
margarita marga margaret maggie meg peggy|guadalupe lupe lupita|beatriz bea beatrice|soledad sole|victoria vicky vicki|monica moni|veronica vero|silvia sylvia|rebeca rebecca becky
ana anita ann anne anna annie nancy|carmen carmela menchu|encarnacion encarna|montserrat montse|inmaculada inma|consuelo chelo|esperanza espe|natalia nati natalie|yolanda yoli
andres andrew andy drew|andrea andy|benjamin ben benny|christopher chris kit cristobal|david dave davey|donald don|douglas doug|esteban stephen steven steve|joshua josh
kenneth ken kenny|lawrence larry lorenzo|leonard leo lenny leonardo|matthew matt mateo|nicholas nick nico nicolas|patrick pat patricio|philip phil felipe|raymond ray ramon
ronald ron|samuel sam sammy|theodore ted teo teodoro|thomas tom tommy tomas|timothy tim|walter walt|zachary zach zack|abigail abby|alice alicia|amanda mandy|barbara barb
deborah debbie deb|dorothy dot dottie|eleanor ellie nell leonor|jacqueline jackie|jennifer jen jenny|jessica jess|judith judy|kimberly kim|laura lauri laurie|linda lindy|marta martha
melissa mel missy|michelle shelly|pamela pam|samantha sam|sara sarah sally|stephanie steph estefania|vanessa vane|virginia ginny|xavier javier javi|arturo arthur art|ernesto ernie ernest
ezequiel zeke|jeronimo jerome jerry|jeremias jeremy jerry|geoffrey jeff jeffrey godofredo|gonzalo gonza|hector tito|emilio emil milo|marcos mark marcus|martin marty|oscar oskar|raul raoul
";

/// The sets of names that a name is in.
static SETS: LazyLock<HashMap<&'static str, Vec<u16>>> = LazyLock::new(|| {
    let mut sets: HashMap<&str, Vec<u16>> = HashMap::new();
    for (number, set) in (0_u16..).zip(SHORT_FORMS.split(['|', '\n'])) {
        for name in set.split_whitespace() {
            sets.entry(name).or_default().push(number);
        }
    }
    sets
});

/// Whether two folded given names stand for each other, as Paco for Francisco.
pub fn are_forms_of_one(a: &str, b: &str) -> bool {
    let (Some(a), Some(b)) = (SETS.get(a), SETS.get(b)) else { return false };
    a.iter().any(|set| b.contains(set))
}

/// The words of a given name, without titles. A name that is nothing but titles stays.
pub fn given(text: &str) -> Vec<String> {
    without(words(text), &TITLES)
}

/// The words of a surname, without particles and titles.
pub fn family(text: &str) -> Vec<String> {
    without(without(words(text), &TITLES), &PARTICLES)
}

/// The words of a whole name, without titles and particles; what stands before a comma is the surname and goes to the end.
pub fn full(text: &str) -> Vec<String> {
    let turned = match text.split_once(',') {
        Some((family, given)) if !given.trim().is_empty() => format!("{given} {family}"),
        _ => text.to_owned(),
    };
    without(without(words(&turned), &TITLES), &PARTICLES)
}

fn without(words: Vec<String>, left_out: &[&str]) -> Vec<String> {
    let kept: Vec<_> = words.iter().filter(|word| !left_out.contains(&word.as_str())).cloned().collect();
    if kept.is_empty() { words } else { kept }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_and_particles_are_no_part_of_a_name() {
        assert_eq!(given("Dra. María José"), ["maria", "jose"]);
        assert_eq!(family("de la Cruz y Ortega"), ["cruz", "ortega"]);
        assert_eq!(full("García Márquez, D. Gabriel"), ["d", "gabriel", "garcia", "marquez"]);
        assert_eq!(given("Don"), ["don"], "a name all the same");
    }

    #[test]
    fn short_forms_stand_for_names() {
        for (a, b) in [
            ("paco", "francisco"),
            ("bob", "robert"),
            ("pepe", "jose"),
            ("alex", "alejandra"),
            ("lola", "dolores"),
            ("liz", "elizabeth"),
        ] {
            assert!(are_forms_of_one(a, b) && are_forms_of_one(b, a), "{a}, {b}");
        }
        assert!(!are_forms_of_one("paco", "jose"));
        assert!(!are_forms_of_one("zoe", "zoe"), "only known ones");
    }
}
