//! Which column of a file is which field.

use std::collections::HashSet;

use super::{
    column::Column,
    targets::{Kind, SECOND_NAMES, Shape, Target, Vocabulary},
    words::distance,
};

/// What each column of a file is; `None` for one that stays aside.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mapping {
    /// In the order of the file.
    pub columns: Vec<Option<&'static Target>>,
}

/// How sure a column is of what it is: the lower, the surer. First how it was found, then how far down the list of words.
type Doubt = (u8, usize);

impl Mapping {
    /// Guesses by headers, and by contents where headers say nothing.
    pub fn guess(kind: Kind, headers: &[String], columns: &[Column]) -> Self {
        let mut guesses: Vec<Option<(usize, Doubt)>> = headers.iter().map(|h| by_header(kind, h)).collect();
        guesses.resize(columns.len().max(guesses.len()), None);
        let targets = kind.targets();
        let shape = |at: usize| targets.get(at).map(|t| t.shape);
        let place = |wanted: Shape| targets.iter().position(|t| t.shape == wanted);
        for (guess, column) in guesses.iter_mut().zip(columns) {
            // A header that only resembles one must be borne out by the column.
            if let Some((at, doubt)) = guess
                && (doubt.0 > 0 && column.contradicts(shape(*at)) || column.is_about_emails(shape(*at)))
            {
                *guess = None;
            }
        }
        let has =
            |guesses: &[Option<(usize, Doubt)>], wanted: Shape| guesses.iter().flatten().any(|(at, _)| shape(*at) == Some(wanted));
        let rows = columns.iter().map(|c| c.filled).max().unwrap_or(0);
        for (i, column) in columns.iter().enumerate() {
            // What a few rows have too much says nothing about them all.
            if headers.get(i).is_none_or(String::is_empty) && column.filled * 2 < rows {
                continue;
            }
            let free = guesses.get(i).is_some_and(Option::is_none);
            // Addresses are addresses, whatever stands above them; but for those of somebody else.
            let header = headers.get(i).map_or("", String::as_str);
            let somebody_elses = by_header(kind, header).is_none()
                && super::words::tokens(header).iter().any(|w| {
                    matches!(
                        w.as_str(),
                        "owner" | "propietario" | "manager" | "assistant" | "asistente" | "referrer" | "vendedor" | "responsable"
                    )
                });
            let content = if column.mostly(column.emails) && !somebody_elses {
                place(Shape::Email)
            } else if column.mostly(column.marked_phones) && free {
                place(Shape::Phone)
            } else {
                None
            };
            let named_otherwise = guesses.get(i).copied().flatten().is_some_and(|(at, _)| {
                shape(at) == Some(Shape::Email)
                    || targets.get(at).is_some_and(|t| matches!(t.name, "owner" | "id" | "usage_user_id" | "notes"))
            });
            if let (Some(at), false) = (content, named_otherwise)
                && let Some(guess) = guesses.get_mut(i)
            {
                *guess = Some((at, (3, i)));
            }
        }
        // Beside surnames, `Nombre` and `Name` are the given names, unless another column has those.
        let at = |name: &str| targets.iter().position(|t| t.name == name);
        if let (Some(first), Some(last), Some(full)) = (at("first_name"), at("last_name"), at("full_name"))
            && guesses.iter().flatten().any(|g| g.0 == last)
            && !guesses.iter().flatten().any(|(found, (_, rank))| *found == first && *rank < SECOND_NAMES)
        {
            for guess in guesses.iter_mut().flatten().filter(|g| g.0 == full) {
                guess.0 = first;
            }
        }
        // The same header once more is another person's name, not more of the first one's.
        let mut seen = HashSet::new();
        for (guess, header) in guesses.iter_mut().zip(headers) {
            let again = !header.is_empty() && !seen.insert(header);
            if again && guess.is_some_and(|(found, _)| shape(found) == Some(Shape::Name)) {
                *guess = None;
            }
        }
        // A column of names without a header.
        if let Some(full) = place(Shape::FullName)
            && headers.iter().all(String::is_empty)
            && !has(&guesses, Shape::FullName)
            && let Some(i) = columns.iter().position(|c| c.mostly(c.names))
            && let Some(guess @ None) = guesses.get_mut(i)
        {
            *guess = Some((full, (3, i)));
        }
        // Of several columns for a field that has one, the surest.
        for (at, target) in targets.iter().enumerate() {
            if target.takes_many() {
                continue;
            }
            let best = guesses.iter().flatten().filter(|g| g.0 == at).map(|g| g.1).min();
            let mut kept = false;
            for guess in &mut guesses {
                if let Some((found, doubt)) = guess
                    && *found == at
                    && (kept || Some(*doubt) != best)
                {
                    *guess = None;
                } else if guess.is_some_and(|g| g.0 == at) {
                    kept = true;
                }
            }
        }
        Self { columns: guesses.into_iter().map(|g| g.and_then(|(at, _)| targets.get(at))).collect() }
    }

    /// The mapping with these names of fields; an empty or unknown one keeps its column aside.
    pub fn named<S: AsRef<str>>(kind: Kind, names: &[S]) -> Self {
        Self { columns: names.iter().map(|name| kind.target(name.as_ref())).collect() }
    }

    /// The names of the fields.
    pub fn names(&self) -> Vec<&'static str> {
        self.columns.iter().map(|c| c.map_or("", |t| t.name)).collect()
    }

    /// Whether some column is this field.
    pub fn has(&self, name: &str) -> bool {
        self.columns.iter().flatten().any(|t| t.name == name)
    }
}

impl Target {
    /// Whether several columns may be this field together.
    pub fn takes_many(&self) -> bool {
        matches!(self.shape, Shape::Name | Shape::Text | Shape::Email | Shape::Phone | Shape::Tags)
            || matches!(self.name, "city" | "country" | "company" | "website")
    }
}

/// What a header says, and how surely; nothing where it is none of the known ones.
fn by_header(kind: Kind, header: &str) -> Option<(usize, Doubt)> {
    let vocabulary = Vocabulary::of(kind);
    let ways = vocabulary.ways(header);
    for (step, way) in ways.iter().enumerate() {
        if let Some((target, rank)) = vocabulary.known.get(way) {
            return Some((*target, (u8::from(step > 0), *rank)));
        }
    }
    // A slip of the finger: one letter in six, and the first one right.
    ways.iter().find_map(|way| {
        let length = way.chars().count();
        let most = if length >= 10 { 2 } else { usize::from(length >= 6) };
        let near = vocabulary.known.iter().filter(|(known, _)| {
            known.chars().next() == way.chars().next()
                && known.chars().count().abs_diff(length) <= most
                && known.chars().count() >= 5
        });
        let (steps, (target, rank)) = near.map(|(known, found)| (distance(known, way), *found)).min()?;
        (steps <= most).then_some((target, (2, rank)))
    })
}

/// How many of the cells read like headers of this kind.
pub fn headers_among<'a>(kind: Kind, cells: impl Iterator<Item = &'a str>) -> usize {
    cells.filter(|cell| cell.chars().count() <= 60 && by_header(kind, cell).is_some_and(|(_, doubt)| doubt.0 < 3)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(kind: Kind, headers: &str) -> String {
        let headers: Vec<String> = headers.split(',').map(str::to_owned).collect();
        Mapping::guess(kind, &headers, &[]).names().join(",")
    }

    #[test]
    fn layouts_are_recognised() {
        let cases = [
            // HubSpot
            (
                Kind::Contacts,
                "Record ID,First Name,Last Name,Email,Phone Number,Contact owner,Primary Associated Company,Job Title,City,Country/Region,Lifecycle Stage,Lead Status,Create Date",
                "id,first_name,last_name,email,phone,owner,company,title,city,country,lifecycle,,",
            ),
            (
                Kind::Contacts,
                "ID de registro,Nombre,Apellidos,Correo,Número de teléfono,Propietario del contacto,Nombre de la empresa,Cargo,Ciudad,País/región,Etapa del ciclo de vida",
                "id,first_name,last_name,email,phone,owner,company,title,city,country,lifecycle",
            ),
            (
                Kind::Deals,
                "Record ID,Deal Name,Deal Stage,Amount,Close Date,Pipeline,Deal owner,Currency",
                "id,title,stage,value,close_date,pipeline,owner,currency",
            ),
            (
                Kind::Deals,
                "Nombre del negocio,Etapa del negocio,Importe,Moneda,Fecha de cierre",
                "title,stage,value,currency,close_date",
            ),
            // Salesforce
            (
                Kind::Contacts,
                "Contact ID,Salutation,First Name,Last Name,Account Name,Title,Email,Phone,Mobile,Mailing City,Mailing Country,Birthdate,Description,Contact Owner",
                "id,,first_name,last_name,company,title,email,phone,phone,city,country,birthday,notes,owner",
            ),
            (
                Kind::Deals,
                "Opportunity Name,Account Name,Amount Currency,Amount,Stage,Close Date,Probability (%),Opportunity Owner",
                "title,company,currency,value,stage,close_date,probability,owner",
            ),
            // Pipedrive
            (
                Kind::Contacts,
                "Person - Name,Person - Organization,Person - Email - Work,Person - Phone - Mobile,Person - Owner",
                "full_name,company,email,phone,owner",
            ),
            (
                Kind::Deals,
                "Deal - ID,Deal - Title,Deal - Value,Deal - Currency of Value,Deal - Stage,Deal - Expected close date,Deal - Organization",
                "id,title,value,currency,stage,close_date,company",
            ),
            (
                Kind::Deals,
                "Trato - Título,Trato - Valor,Trato - Moneda,Trato - Etapa,Trato - Fecha prevista de cierre",
                "title,value,currency,stage,close_date",
            ),
            // Google
            (
                Kind::Contacts,
                "Name,Given Name,Additional Name,Family Name,Birthday,Notes,Group Membership,E-mail 1 - Type,E-mail 1 - Value,E-mail 2 - Value,Phone 1 - Type,Phone 1 - Value,Address 1 - City,Address 1 - Country,Organization 1 - Name,Organization 1 - Title",
                "full_name,first_name,first_name,last_name,birthday,notes,tags,,email,email,,phone,city,country,company,title",
            ),
            // Outlook
            (
                Kind::Contacts,
                "Title,First Name,Middle Name,Last Name,Suffix,Company,Job Title,Business Street,Business City,Business Country/Region,Home City,Business Phone,Mobile Phone,Categories,E-mail Address,E-mail 2 Address,E-mail Display Name,Notes,Birthday",
                ",first_name,first_name,last_name,,company,title,,city,country,city,phone,phone,tags,email,email,,notes,birthday",
            ),
            (
                Kind::Contacts,
                "Nombre,Segundo nombre,Apellidos,Organización,Puesto,Ciudad del trabajo,País o región del trabajo,Teléfono del trabajo,Móvil,Dirección de correo electrónico,Cumpleaños,Notas",
                "first_name,first_name,last_name,company,title,city,country,phone,phone,email,birthday,notes",
            ),
            (Kind::Contacts, "First Name,Email,First Name,Email", "first_name,email,,email"),
            // People's own.
            (Kind::Contacts, "NOMBRE(S),Telefno,Correo electronco,Compania,Direccion", "full_name,phone,email,company,"),
            (Kind::Contacts, "Email opt-out,Phone type,Company size,Last activity", ",,,"),
            (
                Kind::Companies,
                "Company name,Company Domain Name,Industry,Number of Employees,Phone Number,City",
                "name,domain,industry,employees,phone,city",
            ),
            (Kind::Tasks, "Asunto,Fecha de vencimiento,Prioridad,Asignado a,Contacto", "title,due,priority,owner,contact"),
            (Kind::Interactions, "Tipo,Fecha y hora,Contacto,Correo,Asunto,Notas", "kind,at,contact,email,subject,body"),
        ];
        for (kind, headers, expected) in cases {
            assert_eq!(guess(kind, headers), expected, "{headers}");
        }
    }
}
