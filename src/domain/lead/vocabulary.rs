//! The words that rules look for, in Spanish and English. Phrases are as in [`super::text::Words::find`]; the first of a kind that is
//! found is the one that counts.

use super::profile::{Industry, Pain, Persona, Signal, Strength, Timeline};

/// What stands before what somebody does, in a phrase that begins with `@`.
pub const INTRODUCTION: &str = "somos|tengo|tenemos|dirijo|manejo|mi|nuestro|nuestra|are|am|run|own|our|my|have ~";

/// What a company says that it does, in a message.
pub const INDUSTRY_SAID: &[(&str, Industry)] = &[
    ("empresa|compania|startup|negocio de software|tecnologia", Industry::Technology),
    ("software|tech|saas|technology company|startup|business|firm", Industry::Technology),
    ("@ saas", Industry::Technology),
    ("tienda|comercio online|virtual|electronico|electronica|linea", Industry::Retail),
    ("online store|shop", Industry::Retail),
    ("@ tienda|tiendas|boutique|store|stores|shop|ecommerce", Industry::Retail),
    ("@ fintech|banco|aseguradora|bank|insurer", Industry::Finance),
    ("firma|accounting|insurance contable|firm|company", Industry::Finance),
    ("@ clinica|hospital|consultorio|clinic|gimnasio|gym|farmacia|pharmacy", Industry::Health),
    ("@ colegio|universidad|academia|escuela|university|school|academy", Industry::Education),
    ("@ consultora|consultores|consultancy|consultants", Industry::Consulting),
    ("consulting firm|company|business", Industry::Consulting),
    ("@ fabrica|factory|manufacturer|fabricantes", Industry::Manufacturing),
    ("empresa|compania de|logistics logistica|transporte|company", Industry::Logistics),
    ("@ transportadora|courier", Industry::Logistics),
    ("@ hotel|hoteles|hostal|restaurante|restaurantes|restaurant|restaurants|cafe", Industry::Hospitality),
    ("@ inmobiliaria|constructora|realtors", Industry::RealEstate),
    ("real estate agency|company|agents", Industry::RealEstate),
    ("agencia de publicidad|marketing|medios", Industry::Marketing),
    ("marketing|advertising|media agency", Industry::Marketing),
    ("@ abogados|bufete|notaria|attorneys|lawyers", Industry::Legal),
    ("law firm", Industry::Legal),
];

/// What the name of a company says that it does: likely.
pub const INDUSTRY_NAME: &[(&str, Industry)] = &[
    ("tech*|tecno*|software*|soft|digital|cloud*|data*|systems|sistemas|labs|dev|ai", Industry::Technology),
    ("tienda*|store*|shop*|retail*|boutique|market|mercado|comercial*|ecommerce*", Industry::Retail),
    ("bank*|banco*|fin|fintech*|capital|seguros|insurance|contador*|finan*", Industry::Finance),
    ("clinic*|salud*|health*|medic*|wellness*|dental|hospital*|gym|fitness*|farma*|pharma*", Industry::Health),
    ("academ*|escuela*|school*|colegio*|univers*|educa*|instituto", Industry::Education),
    ("consult*|advisor*|asesor*", Industry::Consulting),
    ("industria*|fabrica*|manufact*|metal*|plastic*|textil*", Industry::Manufacturing),
    ("logist*|transport*|cargo|courier|freight", Industry::Logistics),
    ("hotel*|restaurant*|cafe|travel*|viajes|turismo|hostal", Industry::Hospitality),
    ("inmobiliaria*|constructora*|construcciones|realty|propiedades|homes", Industry::RealEstate),
    ("media|marketing|publicidad|agency|agencia|studio|estudio|creativ*", Industry::Marketing),
    ("abogados|legal|law|juridic*|notaria", Industry::Legal),
];

/// What hurts, and how sure it is when these words are there.
pub const PAINS: &[(&str, Pain, f64)] = &[
    ("automatiz* ~ proceso*|tarea*|facturacion|flujo*", Pain::Manual, 0.9),
    ("automat* ~ process*|task*|billing|workflow*|invoic*", Pain::Manual, 0.9),
    ("automatiz*|automat*", Pain::Manual, 0.7),
    ("a mano", Pain::Manual, 0.8),
    ("hojas de calculo", Pain::Manual, 0.7),
    ("manual|manuales|manualmente|manually|spreadsheet*|excel", Pain::Manual, 0.7),
    ("facturacion|facturar|facturas|cobranza|cobros|cartera", Pain::Billing, 0.8),
    ("billing|invoic*|payments|collections", Pain::Billing, 0.8),
    ("# clientes|usuarios|pedidos|pacientes|alumnos|customers|clients|users|orders|patients|students", Pain::Volume, 0.7),
    ("muchos|demasiados clientes|pedidos|mensajes|correos", Pain::Volume, 0.7),
    ("too many customers|clients|orders|messages|emails|requests", Pain::Volume, 0.7),
    ("perdemos|pierdo|ahorrar|optimizar ~ tiempo|horas", Pain::Efficiency, 0.9),
    ("save|saving|wast*|losing|lose ~ time|hours", Pain::Efficiency, 0.9),
    ("eficien*|productividad|efficien*|productivity", Pain::Efficiency, 0.8),
    ("lento|lentos|lentitud|demora*|slow|delays", Pain::Efficiency, 0.7),
    ("escal*|scale|scaling|scalab*", Pain::Scale, 0.8),
    ("creci* rapid*|mucho", Pain::Scale, 0.7),
    ("crecemos|creciendo|growing|outgrow*", Pain::Scale, 0.6),
    ("reporte*|informe*|indicador*|metricas|tablero*|report*|dashboard*|metrics|kpi*", Pain::Reporting, 0.7),
    ("visibilidad|visibility|trazabilidad", Pain::Reporting, 0.7),
    ("integrar*|integraci*|conectar|integrat*|connect|api|sincroniz*|sync", Pain::Integration, 0.7),
    ("reducir|bajar|reduce|cut ~ costos|gastos|costs", Pain::Cost, 0.9),
    ("gastamos|caro|cara|costoso|costosa|expensive", Pain::Cost, 0.7),
    ("soporte|atencion ~ cliente*|quejas|reclamos", Pain::Support, 0.7),
    ("customer support|service|complaints", Pain::Support, 0.7),
    ("vender mas", Pain::Sales, 0.8),
    ("mas|aumentar|mejorar ventas|conversion*|clientes|leads", Pain::Sales, 0.7),
    ("more|increase|improve|boost sales|conversion*|leads|customers", Pain::Sales, 0.7),
    ("seguridad|cumplimiento|security|compliance|gdpr|hipaa", Pain::Security, 0.7),
    ("limite*|tope* ~ plan|usuario*|cuenta*", Pain::Limits, 0.8),
    ("limit* ~ plan|users|seats|account", Pain::Limits, 0.8),
];

/// What says that somebody is about to buy.
pub const SIGNALS: &[(&str, Signal, Strength, f64)] = &[
    (
        "necesit*|busc*|requer*|queremos|quiero ~ solucion|herramienta|plataforma|sistema|software|crm|proveedor|automatiz*|contratar|comprar",
        Signal::Searching,
        Strength::High,
        0.9,
    ),
    (
        "need*|want|require*|seek* ~ solution|tool|platform|system|software|crm|vendor|automat*|buy",
        Signal::Searching,
        Strength::High,
        0.9,
    ),
    ("looking for ~ solution|tool|platform|system|software|crm|vendor", Signal::Searching, Strength::High, 0.9),
    ("queremos|quiero|quisiera comprar|contratar|adquirir", Signal::Searching, Strength::High, 0.9),
    ("want|ready|like to buy|purchase|subscribe", Signal::Searching, Strength::High, 0.9),
    ("presupuesto de|aprobado|asignado|disponible", Signal::BudgetNamed, Strength::High, 0.9),
    ("budget of|approved|allocated|is", Signal::BudgetNamed, Strength::High, 0.9),
    ("presupuesto|budget", Signal::BudgetNamed, Strength::Medium, 0.7),
    ("cotizacion|cotizar|precio*|tarifa*", Signal::Price, Strength::Medium, 0.8),
    ("cuanto cuesta|vale", Signal::Price, Strength::Medium, 0.8),
    ("pricing|price|prices|quote", Signal::Price, Strength::Medium, 0.8),
    ("how much", Signal::Price, Strength::Medium, 0.8),
    ("demo|demostracion", Signal::Demo, Strength::High, 0.9),
    ("prueba|probar ~ gratis|gratuita|plataforma|producto|herramienta", Signal::Demo, Strength::High, 0.8),
    ("trial|demonstration", Signal::Demo, Strength::High, 0.9),
    ("comparando|alternativas|comparing|alternatives|versus|competidor*|competitor*", Signal::Comparing, Strength::Medium, 0.7),
    ("crecemos|creciendo|expansion|expandi*|contratando|growing|expanding|hiring", Signal::Growing, Strength::Medium, 0.8),
];

/// A problem in numbers: how many, of what.
pub const QUANTIFIED: &[&str] = &[
    "# clientes|usuarios|pedidos|pacientes|alumnos|facturas|llamadas|correos|tickets|reportes|ventas|leads",
    "# customers|clients|users|orders|patients|students|invoices|calls|emails|tickets|reports|sales|leads",
    "# horas|hours",
    "# percent",
    "# por ciento",
];

/// How many people a company has.
pub const EMPLOYEES: &[(&str, f64)] = &[
    ("# empleado*|trabajador*|colaborador*|employee*|staff", 0.95),
    ("# ~ empleado*|trabajador*|colaborador*|employee*", 0.8),
    ("equipo de #", 0.9),
    ("team of #", 0.9),
    ("somos # personas", 0.9),
    ("somos un equipo de #", 0.9),
    ("we are # people", 0.9),
    ("# people|person team|company|business", 0.9),
    ("company|business|empresa|compania of|de|con|with # people|personas", 0.85),
];

/// When somebody is going to decide.
pub const TIMELINES: &[(&str, Timeline, f64)] = &[
    ("urgente|urgent|asap|inmediat*|immediate*", Timeline::Month, 0.9),
    ("cuanto antes", Timeline::Month, 0.9),
    ("lo antes posible", Timeline::Month, 0.9),
    ("hoy|manana mismo", Timeline::Month, 0.9),
    ("fin|final|finales de mes", Timeline::Month, 0.9),
    ("fin|final|finales de este|la|esta mes|semana", Timeline::Month, 0.9),
    ("final|finales del mes", Timeline::Month, 0.9),
    ("end of month|week", Timeline::Month, 0.9),
    ("end of the|this week|month", Timeline::Month, 0.9),
    ("month end", Timeline::Month, 0.8),
    ("esta|proxima|this|next semana|week", Timeline::Month, 0.9),
    ("este|this mes|month", Timeline::Month, 0.9),
    ("proximo|siguiente|next mes|month", Timeline::Quarter, 0.8),
    ("este|proximo|this|next trimestre|quarter", Timeline::Quarter, 0.9),
    ("fin|final|finales de|del trimestre", Timeline::Quarter, 0.9),
    ("fin|final|finales de este trimestre", Timeline::Quarter, 0.9),
    ("end of quarter", Timeline::Quarter, 0.9),
    ("end of the|this quarter", Timeline::Quarter, 0.9),
    ("este|proximo|this|next semestre|semester", Timeline::HalfYear, 0.8),
    ("proximo|next ano|year", Timeline::Year, 0.8),
];

/// A deadline at the end of the year.
pub const YEAR_END: &[&str] =
    &["fin|final|finales de|del ano", "fin|final|finales de este ano", "end of year", "end of the|this year"];

/// A deadline in so many days, weeks or months: how many days each has.
pub const SPANS: &[(&str, u64)] = &[
    ("within # days", 1),
    ("dentro de # dias", 1),
    ("decid*|compr*|contrat*|necesit*|empez*|implement*|buy|purchase|decide|need*|start*|launch* ~ en|in # dias|days", 1),
    ("within # weeks", 7),
    ("dentro de # semanas", 7),
    ("decid*|compr*|contrat*|necesit*|empez*|implement*|buy|purchase|decide|need*|start*|launch* ~ en|in # semanas|weeks", 7),
    ("within # month|months", 30),
    ("dentro de # mes|meses", 30),
    (
        "decid*|compr*|contrat*|necesit*|empez*|implement*|buy|purchase|decide|need*|start*|launch* ~ en|in # mes|meses|month|months",
        30,
    ),
];

/// A deadline in a month, whose name stands for `%`; how sure it is.
pub const BY_MONTH: &[(&str, f64)] = &[
    ("antes|hasta de|del %", 0.9),
    ("antes de fin|final|finales|mediados de %", 0.9),
    ("fin|final|finales|mediados|principios|inicios|comienzos de %", 0.8),
    ("para|hasta %", 0.8),
    ("by|before|until %", 0.9),
    ("by|before|until the end|middle|start of %", 0.9),
    ("end|middle|beginning|start of %", 0.8),
    ("early|mid|late %", 0.8),
    ("decid*|compr*|contrat*|necesit*|empez*|implement*|buy|purchase|decide|need*|start*|launch* ~ en|in %", 0.7),
];

/// What somebody says or is called that tells who they are.
pub const PERSONAS: &[(&str, Persona)] = &[
    ("cto|cio|it|sistemas|tecnologia|technology|engineer*|ingenier*|developer|desarrollador*|arquitect*", Persona::Technical),
    ("cfo|financier*|finanzas|finance|controller|tesorer*", Persona::Financial),
    ("cmo|cro|marketing|ventas|sales|comercial|mercadeo|growth", Persona::Commercial),
    ("coo|operaciones|operations|logistica|procesos", Persona::Operations),
    ("founder|fundador*|cofundador*|dueno*|duena|propietari*|owner|emprendedor*|entrepreneur", Persona::Owner),
    ("ceo|gerente|director*|presidente|president|socio|partner|vp|head", Persona::Executive),
];

/// Interests, folded, that those have who own a small company or begin one.
pub const OWNER_INTERESTS: &[&str] = &["entrepreneur", "emprend", "small business", "pyme", "startup", "self employed", "autonomo"];
/// Interests, folded, that name an industry.
pub const INDUSTRY_INTERESTS: &[(&str, Industry)] = &[
    ("commerce", Industry::Retail),
    ("retail", Industry::Retail),
    ("tienda", Industry::Retail),
    ("software", Industry::Technology),
    ("tech", Industry::Technology),
    ("fitness", Industry::Health),
    ("wellness", Industry::Health),
    ("salud", Industry::Health),
    ("marketing", Industry::Marketing),
    ("finan", Industry::Finance),
    ("educa", Industry::Education),
];

/// Campaigns, folded, that end on a day and offer a discount.
pub const SALES_CAMPAIGNS: &[&str] =
    &["black friday", "cyber monday", "cyber", "navidad", "christmas", "promo", "descuento", "discount", "sale", "oferta"];

/// Common words by which a language is known: Spanish, English.
pub const LANGUAGE: [&[&str]; 2] = [
    &[
        "el",
        "la",
        "los",
        "las",
        "de",
        "del",
        "que",
        "y",
        "en",
        "un",
        "una",
        "para",
        "con",
        "por",
        "su",
        "nuestro",
        "nuestra",
        "nuestros",
        "somos",
        "como",
        "mas",
        "es",
        "lo",
        "al",
        "se",
        "me",
        "mi",
        "necesitamos",
        "queremos",
        "hola",
        "gracias",
        "tenemos",
        "sobre",
    ],
    &[
        "the", "of", "and", "to", "in", "a", "for", "with", "by", "our", "we", "are", "is", "that", "this", "it", "you", "your",
        "on", "my", "need", "want", "hello", "thanks", "have", "about", "how", "can", "would", "an", "i",
    ],
];

/// Months, folded: Spanish, English; January first.
pub const MONTHS: [[&str; 12]; 2] = [
    ["enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"],
    ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"],
];

/// Places where mostly Spanish is spoken, folded: countries and their calling codes.
pub const SPANISH_PLACES: &[(&str, &str)] = &[
    ("colombia", "+57"),
    ("mexico", "+52"),
    ("espana", "+34"),
    ("spain", "+34"),
    ("argentina", "+54"),
    ("chile", "+56"),
    ("peru", "+51"),
    ("ecuador", "+593"),
    ("venezuela", "+58"),
    ("guatemala", "+502"),
    ("costa rica", "+506"),
    ("panama", "+507"),
    ("uruguay", "+598"),
    ("paraguay", "+595"),
    ("bolivia", "+591"),
    ("honduras", "+504"),
    ("el salvador", "+503"),
    ("nicaragua", "+505"),
    ("dominicana", "+1809"),
];

/// Providers whose addresses say nothing of a company.
pub const FREE_MAIL: &[&str] = &[
    "gmail",
    "googlemail",
    "hotmail",
    "outlook",
    "live",
    "yahoo",
    "icloud",
    "me",
    "msn",
    "aol",
    "proton",
    "protonmail",
    "gmx",
    "mail",
    "yandex",
    "zoho",
];
