//! What the columns of a file may be, for each kind of record, and the headers that say so in English and Spanish.
//!
//! The words are those of the exports of `HubSpot`, Salesforce, Pipedrive, Google Contacts and Outlook, and those that people use.

use std::{collections::HashMap, sync::LazyLock};

use serde::{Deserialize, Serialize};

use super::words::tokens;

/// The kinds of records that a file may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// People.
    Contacts,
    /// Companies.
    Companies,
    /// People who may become contacts.
    Leads,
    /// Sales.
    Deals,
    /// What happened.
    Interactions,
    /// What is to be done.
    Tasks,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Contacts, Self::Companies, Self::Leads, Self::Deals, Self::Interactions, Self::Tasks];

    /// The word in the database, in addresses and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Contacts => "contacts",
            Self::Companies => "companies",
            Self::Leads => "leads",
            Self::Deals => "deals",
            Self::Interactions => "interactions",
            Self::Tasks => "tasks",
        }
    }

    /// The kind with this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// What a column may be.
    pub fn targets(self) -> &'static [Target] {
        match self {
            Self::Contacts => CONTACTS,
            Self::Companies => COMPANIES,
            Self::Leads => LEADS,
            Self::Deals => DEALS,
            Self::Interactions => INTERACTIONS,
            Self::Tasks => TASKS,
        }
    }

    /// Whether one of these fields is a day or a time.
    pub fn has_days<S: AsRef<str>>(self, names: &[S]) -> bool {
        self.has_shape(names, &[Shape::Date, Shape::Moment])
    }

    /// Whether one of these fields is a number.
    pub fn has_numbers<S: AsRef<str>>(self, names: &[S]) -> bool {
        self.has_shape(names, &[Shape::Money, Shape::Count])
    }

    fn has_shape<S: AsRef<str>>(self, names: &[S], shapes: &[Shape]) -> bool {
        names.iter().filter_map(|name| self.target(name.as_ref())).any(|target| shapes.contains(&target.shape))
    }

    /// The field with this name.
    pub fn target(self, name: &str) -> Option<&'static Target> {
        self.targets().iter().find(|t| t.name == name)
    }

    /// Words for the record itself, which add nothing to a header: `Deal - Stage` is a stage.
    const fn itself(self) -> &'static str {
        match self {
            Self::Contacts | Self::Leads => {
                "contact|contacts|contacto|contactos|person|persona|people|customer|client|cliente|clientes|lead|leads|prospecto|prospect|user|usuario"
            }
            Self::Companies => {
                "company|empresa|account|cuenta|organization|organizacion|organisation|compania|business|customer|client|cliente|negocio"
            }
            Self::Deals => "deal|deals|opportunity|oportunidad|negocio|trato|venta|sale",
            Self::Interactions => "interaction|interaccion|activity|actividad|engagement|communication|comunicacion",
            Self::Tasks => "task|tarea|activity|actividad|todo",
        }
    }
}

/// How the cells of a column are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A part of a name: several columns are joined by spaces.
    Name,
    /// A full name, to be split.
    FullName,
    /// A full name whose surnames stand first.
    LastFirst,
    /// A text on one line; of several columns the best one that is filled.
    Line,
    /// A text of several lines; several columns are joined.
    Text,
    /// E-mail addresses.
    Email,
    /// Phone numbers.
    Phone,
    /// A day.
    Date,
    /// A day, perhaps with a time.
    Moment,
    /// An amount of money.
    Money,
    /// A currency.
    Currency,
    /// A whole number.
    Count,
    /// Words to find it by.
    Tags,
}

/// What a column may be.
#[derive(Debug)]
pub struct Target {
    /// The field's name in the record.
    pub name: &'static str,
    /// How its cells are read.
    pub shape: Shape,
    /// Headers that say so, with `|` between; the surest first.
    words: &'static str,
}

impl PartialEq for Target {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

const fn target(name: &'static str, shape: Shape, words: &'static str) -> Target {
    Target { name, shape, words }
}

const FIRST: &str = "first name|given name|forename|fname|nombre pila|primer nombre|nombres|nombre propio|middle name|segundo nombre|additional name";
/// From this one of the words on, a header says that the name stands second.
pub const SECOND_NAMES: usize = 8;
const LAST: &str =
    "last name|surname|family name|lname|apellido|apellidos|primer apellido|apellido paterno|segundo apellido|apellido materno";
const FULL: &str = "full name|name|nombre completo|nombre apellidos|nombre apellido|nombres apellidos|contact name|customer name|client name|nombre contacto|nombre cliente|display name|fn|nombre|contact|contacto|person|persona|cliente";
const LAST_FIRST: &str = "apellidos nombre|apellido nombre|apellidos nombres|last name first name|surname name|file as";
const EMAIL: &str = "email|email address|mail|email addresses|correo|correo electronico|direccion correo electronico|direccion correo|direccion email|correo e|emails|correos";
const PHONE: &str = "phone|phone number|mobile|mobile phone|mobile phone number|mobile number|cell|cell phone|telephone|telephone number|tel|tlf|telf|telefono|numero telefono|numero|telefono movil|telefono celular|movil|celular|numero movil|numero celular|phones|telefonos|whatsapp|whatsapp phone number|numero whatsapp|contact number|tel cell|tel fijo|telefono fijo|fijo|company main phone|phone 2|other phone|home phone|business phone|primary phone|assistant phone|car phone";
const COMPANY: &str = "company|company name|account name|account|organization|organization name|organisation|organisation name|org|associated company|primary associated company|associated company name|employer|empresa|nombre empresa|compania|nombre compania|organizacion|nombre organizacion|cuenta|nombre cuenta|empresa asociada|razon social|lugar trabajo|empleador|nombre organizacion";
const TITLE: &str = "job title|position|job position|organization title|cargo|puesto|puesto trabajo|posicion|role|rol|job|job role|occupation|profesion|ocupacion|designation|titulo profesional|title|titulo";
const CITY: &str = "city|town|ciudad|locality|localidad|poblacion|municipio|address city|ciudad trabajo|business city";
const COUNTRY: &str = "country|country region|pais|pais region|address country|nacion|business country region|mailing country";
const NOTES: &str = "notes|note|comments|comment|notas|nota|comentarios|comentario|observaciones|observacion|description|descripcion|remarks|memo|about|bio";
const TAGS: &str =
    "tags|labels|tag|label|categories|category|group membership|etiquetas|etiqueta|categorias|categoria|grupos|groups|keywords";
const OWNER: &str = "owner|assigned to|assigned|propietario|responsable|asignado|asignado a|account owner|record owner|contact owner|lead owner|deal owner|opportunity owner|vendedor|ejecutivo|comercial|sales rep|owner name|nombre propietario|company owner|propietario cuenta|activity assigned to|propietario registro";
const SOURCE: &str =
    "source|lead source|original source|origen|fuente|fuente original|procedencia|canal|origen lead|origen prospecto|fuente lead";
const ID: &str = "id|record id|contact id|company id|account id|lead id|deal id|opportunity id|task id|activity id|id registro|identificador|id contacto|id empresa|codigo|crm id|person id|organization id|uid";
const WITH: &str = "contact name|person name|contact|contacto|nombre contacto|persona contacto|associated contact|contacto asociado|persona|person|name|nombre|who|related to|relacionado|cliente|nombre cliente|customer|customer name|associated contacts|contact person";

const CONTACTS: &[Target] = &[
    target("first_name", Shape::Name, FIRST),
    target("last_name", Shape::Name, LAST),
    target("full_name", Shape::FullName, FULL),
    target("last_first", Shape::LastFirst, LAST_FIRST),
    target("email", Shape::Email, EMAIL),
    target("phone", Shape::Phone, PHONE),
    target("company", Shape::Line, COMPANY),
    target("title", Shape::Line, TITLE),
    target("city", Shape::Line, CITY),
    target("country", Shape::Line, COUNTRY),
    target("language", Shape::Line, "language|preferred language|idioma|idioma preferido|lengua"),
    target(
        "birthday",
        Shape::Date,
        "birthday|birthdate|birth date|date birth|dob|d o b|bday|cumpleanos|fecha nacimiento|nacimiento|f nacimiento|fecha nac|fec nacimiento",
    ),
    target("lifecycle", Shape::Line, "lifecycle stage|lifecycle|etapa ciclo vida|ciclo vida|etapa del ciclo de vida"),
    target("source", Shape::Line, SOURCE),
    target("owner", Shape::Line, OWNER),
    target("tags", Shape::Tags, TAGS),
    target("usage_user_id", Shape::Line, "usage user id|genesis user id|user id|usage user|id usuario|usuario genesis|genesis id"),
    target("id", Shape::Line, ID),
    target("notes", Shape::Text, NOTES),
];

const COMPANIES: &[Target] = &[
    target(
        "name",
        Shape::Line,
        "company name|name|account name|organization name|organisation name|company|nombre empresa|nombre|empresa|razon social|organization|organizacion|nombre compania|compania|nombre cuenta|cuenta|account|nombre organizacion|nombre comercial|cliente|nombre cliente",
    ),
    target(
        "domain",
        Shape::Line,
        "domain|domain name|company domain name|company domain|dominio|nombre dominio|dominio empresa|nombre dominio empresa|email domain",
    ),
    target("industry", Shape::Line, "industry|sector|industria|giro|rubro|actividad|ramo|vertical"),
    target(
        "employees",
        Shape::Count,
        "employees|number employees|employee count|num employees|empleados|numero empleados|n empleados|headcount|plantilla|company size|no employees",
    ),
    target("phone", Shape::Phone, PHONE),
    target("website", Shape::Line, "website|website url|web|web page|url|sitio web|pagina web|url sitio web|homepage|site"),
    target(
        "address",
        Shape::Line,
        "address|street address|street|billing street|address street|direccion|calle|domicilio|street address 1|direccion postal|full address",
    ),
    target("city", Shape::Line, CITY),
    target("country", Shape::Line, COUNTRY),
    target(
        "organization_id",
        Shape::Line,
        "usage organization id|genesis organization id|genesis organization|organizacion genesis",
    ),
    target("owner", Shape::Line, OWNER),
    target("tags", Shape::Tags, TAGS),
    target("id", Shape::Line, ID),
    target("notes", Shape::Text, NOTES),
];

const LEADS: &[Target] = &[
    target("first_name", Shape::Name, FIRST),
    target("last_name", Shape::Name, LAST),
    target("full_name", Shape::FullName, FULL),
    target("last_first", Shape::LastFirst, LAST_FIRST),
    target("email", Shape::Email, EMAIL),
    target("phone", Shape::Phone, PHONE),
    target("company", Shape::Line, COMPANY),
    target("title", Shape::Line, TITLE),
    target("city", Shape::Line, CITY),
    target("country", Shape::Line, COUNTRY),
    target("source", Shape::Line, SOURCE),
    target("status", Shape::Line, "lead status|status|estado|estado lead|estado prospecto|lead state|etapa"),
    target("owner", Shape::Line, OWNER),
    target("tags", Shape::Tags, TAGS),
    target("id", Shape::Line, ID),
    target(
        "message",
        Shape::Text,
        "message|mensaje|inquiry|enquiry|consulta|how can we help|notes|note|comments|comment|notas|nota|comentarios|comentario|observaciones|description|descripcion",
    ),
];

const DEALS: &[Target] = &[
    target(
        "title",
        Shape::Line,
        "deal name|opportunity name|deal title|title|name|nombre negocio|nombre oportunidad|nombre trato|titulo|nombre|titulo trato|deal|opportunity|negocio|oportunidad|trato|subject|asunto|concepto|proyecto|project|project name|nombre proyecto",
    ),
    target(
        "value",
        Shape::Money,
        "amount|value|deal value|deal amount|importe|monto|valor|valor negocio|valor trato|importe negocio|amount company currency|total|total amount|importe total|monto total|valor total|price|precio|cantidad|deal size|revenue|ingresos|ingresos esperados|expected revenue|presupuesto|budget",
    ),
    target(
        "currency",
        Shape::Currency,
        "currency|currency code|amount currency|deal currency|deal currency code|value currency|currency value|moneda|divisa|codigo moneda|moneda negocio|iso currency|currency iso code|moneda valor",
    ),
    target(
        "stage",
        Shape::Line,
        "stage|deal stage|stage name|pipeline stage|sales stage|opportunity stage|etapa|etapa negocio|etapa trato|fase|etapa ventas|etapa oportunidad|deal status|status|estado|situacion",
    ),
    target(
        "close_date",
        Shape::Date,
        "close date|expected close date|closing date|expected close|close|closed date|close date expected|fecha cierre|fecha prevista cierre|fecha cierre prevista|fecha estimada cierre|fecha esperada cierre|fecha cierre esperada|fecha cierre estimada|cierre|cierre previsto|cierre estimado|f cierre|deal closed date|closed at|won time|fecha limite|due date|fecha|date",
    ),
    target("probability", Shape::Line, "probability|deal probability|probabilidad|win probability|probabilidad cierre"),
    target("pipeline", Shape::Line, "pipeline|pipeline name|embudo|proceso ventas"),
    target("company", Shape::Line, COMPANY),
    target("contact", Shape::Line, WITH),
    target("email", Shape::Email, EMAIL),
    target("source", Shape::Line, SOURCE),
    target("owner", Shape::Line, OWNER),
    target("tags", Shape::Tags, TAGS),
    target("id", Shape::Line, ID),
    target("notes", Shape::Text, NOTES),
];

const INTERACTIONS: &[Target] = &[
    target(
        "kind",
        Shape::Line,
        "activity type|type|kind|tipo|tipo actividad|tipo interaccion|engagement type|channel|canal|medium|medio",
    ),
    target("direction", Shape::Line, "direction|direccion|sentido|call direction|inbound outbound|entrante saliente"),
    target(
        "at",
        Shape::Moment,
        "date|at|activity date|date time|datetime|timestamp|fecha|fecha hora|fecha actividad|when|cuando|occurred at|start|start time|start date|create date|created|created at|inicio|hora|time|due date",
    ),
    target(
        "duration",
        Shape::Line,
        "duration|duracion|call duration|duration minutes|duracion minutos|minutes|minutos|duration seconds",
    ),
    target("outcome", Shape::Line, "outcome|result|resultado|disposition|call outcome|call result|call disposition"),
    target("subject", Shape::Line, "subject|asunto|title|titulo|topic|tema|summary|resumen"),
    target("contact", Shape::Line, WITH),
    target("email", Shape::Email, EMAIL),
    target("phone", Shape::Phone, PHONE),
    target("company", Shape::Line, COMPANY),
    target("owner", Shape::Line, OWNER),
    target("id", Shape::Line, ID),
    target(
        "body",
        Shape::Text,
        "body|notes|note|content|text|texto|cuerpo|contenido|notas|nota|description|descripcion|comments|comment|comentarios|comentario|detalle|detalles|details|message|mensaje|observaciones",
    ),
];

const TASKS: &[Target] = &[
    target(
        "title",
        Shape::Line,
        "title|task|task name|task title|subject|asunto|titulo|tarea|nombre tarea|what|que|to do|todo|summary|resumen|name|nombre|actividad|activity",
    ),
    target("kind", Shape::Line, "task type|type|kind|tipo|tipo tarea|activity type|tipo actividad"),
    target("priority", Shape::Line, "priority|prioridad|importance|importancia|urgencia"),
    target(
        "due",
        Shape::Moment,
        "due date|due|due on|due at|deadline|fecha limite|fecha vencimiento|vencimiento|vence|fecha entrega|para|activity date|date|fecha|fecha hora|start date|due time",
    ),
    target("status", Shape::Line, "status|task status|estado|completed|done|completada|hecha|hecho|is done|terminada|finalizada"),
    target("owner", Shape::Line, OWNER),
    target(
        "contact",
        Shape::Line,
        "contact name|person name|contact|contacto|nombre contacto|associated contact|contacto asociado|persona|person|who|related to|relacionado|cliente|nombre cliente|customer",
    ),
    target("email", Shape::Email, EMAIL),
    target("company", Shape::Line, COMPANY),
    target("id", Shape::Line, ID),
    target("notes", Shape::Text, NOTES),
];

/// Words that add nothing to a header: `Business Phone 2`, `E-mail 1 - Value`.
const PLACES: &str = "1|2|3|4|5|6|7|8|9|10|value|valor|primary|principal|main|work|home|business|personal|particular|trabajo|laboral|casa|hogar|oficina|office|other|otro|otra|mailing|billing|shipping|facturacion|postal|default|preferred|secundario|secundaria|secondary|alternate|alternativo|s|es|as|os|required|obligatorio|requerido|optional|opcional|internet|voice|cell|pref|current|actual|corporativo|corporate|movil|mobile";
const STOPS: [&str; 15] = ["de", "del", "la", "el", "los", "las", "the", "of", "y", "and", "o", "or", "en", "in", "to"];

/// The words of a header that tell something.
pub fn telling(header: &str) -> Vec<String> {
    let mut words = tokens(header);
    words.retain(|w| !STOPS.contains(&w.as_str()));
    words
}

/// The headers of one kind, and what they say.
#[derive(Debug)]
pub struct Vocabulary {
    /// Each header's telling words, joined: the place in the table of targets, and how far down its list.
    pub known: HashMap<String, (usize, usize)>,
    itself: Vec<&'static str>,
    places: Vec<&'static str>,
}

impl Vocabulary {
    fn new(kind: Kind) -> Self {
        let mut known = HashMap::new();
        for (target, t) in kind.targets().iter().enumerate() {
            for (rank, words) in t.words.split('|').enumerate() {
                known.entry(telling(words).join(" ")).or_insert((target, rank));
            }
        }
        Self { known, itself: kind.itself().split('|').collect(), places: PLACES.split('|').collect() }
    }

    /// The vocabulary of a kind.
    pub fn of(kind: Kind) -> &'static Self {
        static ALL: LazyLock<[Vocabulary; 6]> = LazyLock::new(|| Kind::ALL.map(Vocabulary::new));
        let [contacts, companies, leads, deals, interactions, tasks] = &*ALL;
        match kind {
            Kind::Contacts => contacts,
            Kind::Companies => companies,
            Kind::Leads => leads,
            Kind::Deals => deals,
            Kind::Interactions => interactions,
            Kind::Tasks => tasks,
        }
    }

    /// The ways to read a header, the surest first: as it is, without words for the record itself, without words of place, without both.
    pub fn ways(&self, header: &str) -> Vec<String> {
        let mut words = telling(header);
        // `Importe (EUR)`
        if words.len() > 1 && super::money::currency_within(header).is_some() {
            words.retain(|w| w != "us" && super::money::currency(w).is_none());
        }
        let without = |lists: &[&Vec<&str>]| {
            let kept: Vec<&str> = words.iter().map(String::as_str).filter(|w| !lists.iter().any(|list| list.contains(w))).collect();
            kept.join(" ")
        };
        let mut ways = vec![words.join(" ")];
        for way in [without(&[&self.itself]), without(&[&self.places]), without(&[&self.itself, &self.places])] {
            if !way.is_empty() && !ways.contains(&way) {
                ways.push(way);
            }
        }
        ways
    }
}
