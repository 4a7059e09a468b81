//! What imports take and what they do not: the same as forms.

use std::fmt::Write as _;

use chrono::TimeDelta;
use nexus_crm::{
    domain::{format::Lang, import::Kind, people::Role},
    features::imports::{
        preview::Fate,
        usecase::{self, NotTaken, Settings, Whole},
    },
    flows::imports,
    platform::{clock::Clock, ctx::Ctx, tables::Refused},
};
use reqwest::header::CONTENT_TYPE;
use uuid::Uuid;

use crate::support::{TestApp, http::send, noon, people::sign_in};

/// Imports a file with what was guessed, matched as it is said.
async fn import(app: &TestApp, kind: Kind, name: &str, text: &str, match_key: &str) -> Whole {
    let ctx = app.ctx();
    let id = usecase::take_in(&ctx, kind, name, text.into()).await.unwrap();
    start(&ctx, id, match_key).await;
    imports::once(&ctx).await.unwrap();
    usecase::find(&ctx, id, Lang::Es).await.unwrap()
}

async fn start(ctx: &Ctx, id: Uuid, match_key: &str) {
    let import = usecase::find(ctx, id, Lang::En).await.unwrap().import;
    let settings = Settings { mapping: import.mapping.clone(), match_key, on_match: "update", ..Settings::default() };
    usecase::begin(ctx, id, &settings, false).await.unwrap();
}

/// The columns and messages of all problems.
fn problems(whole: &Whole) -> Vec<String> {
    whole
        .wrong
        .iter()
        .flat_map(|(line, _, said)| said.iter().map(move |(column, what)| format!("{line} {column}: {what}")))
        .collect()
}

#[tokio::test]
async fn a_file_of_too_many_columns_is_refused() {
    let app = TestApp::start().await;
    let file = |columns: usize| {
        let headers: Vec<String> = (0..columns).map(|n| format!("h{n}")).collect();
        format!("Nombre,Correo,{}\nAna,ana@x.com,{}\n", headers.join(","), vec!["x"; columns].join(","))
    };
    let take = async |columns| usecase::take_in(&app.ctx(), Kind::Contacts, "x.csv", file(columns).into()).await;
    assert!(matches!(take(499).await, Err(NotTaken::File(Refused::Wide))));
    assert!(take(498).await.is_ok());
}

#[tokio::test]
async fn what_a_form_refuses_an_import_does_not_store() {
    let app = TestApp::start().await;
    let text = "Empresa,Sitio web,Dominio,Teléfono\n\
        A,javascript:alert(1),foo,+34 600 111 222\nB,\"data:text/html,x\",java script.com,\nC,www.c.com/x,https://www.c.com/path,\n";
    let whole = import(&app, Kind::Companies, "x.csv", text, "name").await;
    assert_eq!(whole.import.mapping, ["name", "website", "domain", "phone"]);
    assert_eq!(
        app.texts("SELECT concat_ws('|', name, website, domain) FROM companies ORDER BY name").await,
        ["A", "B", "C|https://www.c.com/x|c.com"]
    );
    let said = problems(&whole);
    assert!(said.iter().any(|p| p.starts_with("2 Sitio web: «javascript:alert(1)» no es una dirección web")), "{said:?}");
    assert_eq!(said.len(), 4, "{said:?}");

    let tags: Vec<String> = (0..35).map(|n| format!("t{n}")).collect();
    let mails: Vec<String> = (0..25).map(|n| format!("m{n}@x.com")).collect();
    let text = format!(
        "Nombre,Correo,Fecha de nacimiento,Etiquetas\nAna,{},1850-01-01,{};T1\nEva,eva@x.com,1950-01-01,a;A\n",
        mails.join(";"),
        tags.join(";")
    );
    let whole = import(&app, Kind::Contacts, "x.csv", &text, "email").await;
    let said = problems(&whole);
    assert_eq!(said.len(), 3, "{said:?}");
    assert!(said.iter().any(|p| p.contains("Fecha de nacimiento: «1850-01-01»")), "{said:?}");
    assert_eq!(
        app.texts(
            "SELECT concat_ws('|', first_name, birthday, cardinality(tags), cardinality(other_emails)) FROM contacts ORDER BY 1"
        )
        .await,
        ["Ana|30|20", "Eva|1950-01-01|1|0"]
    );
}

#[tokio::test]
async fn rows_of_one_person_are_united() {
    let app = TestApp::start().await;
    let text = "Nombre,Correo,Correo 2,Teléfono,Etiquetas\nAna,ana@x.com,a1@x.com,111111111,alpha\n,ANA@x.com,a2@x.com,222222222,Beta;ALPHA\n";
    let stored = "SELECT concat_ws('|', array_to_string(tags, ','), array_to_string(other_emails, ','), phone, \
        array_to_string(other_phones, ',')) FROM contacts";
    import(&app, Kind::Contacts, "x.csv", text, "email").await;
    assert_eq!(app.text(stored).await, "alpha,Beta|a1@x.com,a2@x.com|222222222|111111111");
    // Nor does what comes later take anything away.
    let more = "Correo,Teléfono,Etiquetas\nana@x.com,,beta;gamma\nana@x.com,333333333,delta\n";
    import(&app, Kind::Contacts, "x.csv", more, "email").await;
    assert_eq!(app.text(stored).await, "alpha,Beta,gamma,delta|a1@x.com,a2@x.com|333333333|222222222,111111111");
}

#[tokio::test]
async fn an_undo_keeps_whom_somebody_works_with() {
    let app = TestApp::start().await;
    let text = "Nombre,Correo,Empresa\nNota,n@x.com,\nTarea,t@x.com,\nProspecto,l@x.com,\nNadie,x@x.com,Sola\n";
    let whole = import(&app, Kind::Contacts, "x.csv", text, "email").await;
    app.as_owner(
        "INSERT INTO interactions (id, kind, at, body, contact_id, created_at, updated_at)
            SELECT gen_random_uuid(), 'note', now(), 'x', id, now(), now() FROM contacts WHERE first_name = 'Nota';
         INSERT INTO tasks (id, title, contact_id, created_at, updated_at)
            SELECT gen_random_uuid(), 'x', id, now(), now() FROM contacts WHERE first_name = 'Tarea';
         INSERT INTO tasks (id, title, company_id, created_at, updated_at) SELECT gen_random_uuid(), 'x', id, now(), now() FROM companies;
         INSERT INTO leads (id, first_name, source, status, contact_id, created_at, updated_at)
            SELECT gen_random_uuid(), 'x', 'web', 'converted', id, now(), now() FROM contacts WHERE first_name = 'Prospecto'",
    )
    .await;
    usecase::undo(&app.ctx(), whole.import.id).await.unwrap();
    imports::once(&app.ctx()).await.unwrap();
    let whole = usecase::find(&app.ctx(), whole.import.id, Lang::En).await.unwrap();
    assert_eq!((whole.import.state.as_str(), whole.import.undone, whole.import.kept), ("undone", 1, 4));
    assert_eq!(
        app.texts("SELECT first_name FROM contacts WHERE deleted_at IS NULL ORDER BY 1").await,
        ["Nota", "Prospecto", "Tarea"]
    );
    assert_eq!(app.texts("SELECT name FROM companies WHERE deleted_at IS NULL").await, ["Sola"]);
}

#[tokio::test]
async fn an_admin_starts_what_somebody_else_has_sent() {
    let app = TestApp::start().await;
    let (sales, admin) = (sign_in(&app, Role::Sales).await, sign_in(&app, Role::Admin).await);
    let boundary = "x-x-x";
    let body = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\nName,Email\nMine,a@x.com\n\r\n--{boundary}--\r\n"
    );
    let upload = app.client_with(&sales.cookie).post(app.url("/import/upload"));
    let place = send(upload.header(CONTENT_TYPE, format!("multipart/form-data; boundary={boundary}")).body(body)).await;
    let place = place.header("location").to_owned();
    let form = [("do", "start"), ("c0", "full_name"), ("c1", "email"), ("match", "email"), ("on_match", "update")];
    let answer = send(app.client_with(&admin.cookie).post(app.url(&place)).form(&form)).await;
    assert_eq!((answer.status, answer.header("location")), (303, place.as_str()), "{}", answer.text);
    imports::once(&app.ctx()).await.unwrap();
    assert_eq!(app.text("SELECT owner_id::text FROM contacts").await, admin.id.to_string());
    assert_eq!(app.text("SELECT user_id::text FROM import_mappings").await, admin.id.to_string());
}

#[tokio::test]
async fn a_row_whose_key_cannot_be_read_is_refused() {
    let app = TestApp::start().await;
    let text = "Nombre,Correo,Teléfono\nAna,no-es-correo,600111222\nEva,,600111333\nLuz,luz@x.com,3.46E+10\n";
    let whole = import(&app, Kind::Contacts, "x.csv", text, "email").await;
    assert_eq!((whole.import.created, whole.import.refused), (2, 1));
    assert_eq!(app.texts("SELECT first_name FROM contacts ORDER BY 1").await, ["Eva", "Luz"]);
    assert!(problems(&whole).iter().any(|p| p.starts_with("2 Correo: no se puede leer")), "{:?}", problems(&whole));
    // Matched by phone, it is the other way round.
    let whole = import(&app, Kind::Contacts, "x.csv", text, "phone").await;
    assert_eq!((whole.import.created, whole.import.unchanged, whole.import.refused), (1, 1, 1));
    // Ids of other programs are none of ours.
    let whole = import(&app, Kind::Contacts, "x.csv", "Id,Nombre\n7,Ana\n,Sol\n", "id").await;
    assert_eq!((whole.import.created, whole.import.refused), (1, 1));
}

#[tokio::test]
async fn a_card_that_does_not_end_is_told_of() {
    let app = TestApp::start().await;
    let text = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ana Ruiz\r\nEMAIL:ana@x.com\r\nBEGIN:VCARD\r\nVERSION:3.0\r\nFN:Luis Gil\r\n\
        EMAIL:luis@x.com\r\nAGENT:\r\nBEGIN:VCARD\r\nFN:Otro\r\nEND:VCARD\r\nEND:VCARD\r\nBEGIN:VCARD\r\nVERSION:3.0\r\nFN:Eva Sol\r\n";
    let whole = import(&app, Kind::Contacts, "x.vcf", text, "email").await;
    assert_eq!(whole.import.created, 3);
    let said = problems(&whole);
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].starts_with("1 : la tarjeta no termina") && said[1].starts_with("14 "), "{said:?}");
}

#[tokio::test]
async fn columns_without_a_header_have_a_number_in_the_readers_language() {
    let app = TestApp::start().await;
    let whole = import(&app, Kind::Contacts, "x.csv", "Nombre,Correo,\nAna,ana@x.com,a\nEva,mal,b\n", "email").await;
    assert_eq!(whole.import.titles(Lang::Es), ["Nombre", "Correo", "Columna 3"]);
    let (csv, _) = usecase::problems_csv(&app.ctx(), whole.import.id, None, Lang::Es).await.unwrap();
    assert!(csv.starts_with("\u{feff}Nombre,Correo,Columna 3,Problema"), "{csv}");
}

#[tokio::test]
async fn a_dry_run_shows_what_would_be_stored_as_it_is_told_to_read_it() {
    let app = TestApp::start().await;
    import(&app, Kind::Contacts, "x.csv", "Nombre,Correo,Ciudad\nAna,ana@x.com,Lima\n", "email").await;
    let mut text = "Nombre,Correo,Ciudad,Fecha de nacimiento\nAna,ana@x.com,Quito,02/03/1990\nmala,,,\n".to_owned();
    for n in 0..30 {
        writeln!(text, "Eva,e{n}@x.com,,05/06/1990").unwrap();
    }
    let ctx = app.ctx();
    let id = usecase::take_in(&ctx, Kind::Contacts, "x.csv", text.into()).await.unwrap();
    let check = async |day_order: &'static str| {
        let mapping = usecase::find(&ctx, id, Lang::En).await.unwrap().import.mapping;
        let settings = Settings { mapping, match_key: "email", on_match: "update", day_order, decimals: "" };
        usecase::begin(&ctx, id, &settings, true).await.unwrap();
        imports::once(&ctx).await.unwrap();
        usecase::find(&ctx, id, Lang::En).await.unwrap().preview
    };
    let shown = check("month_first").await;
    assert_eq!(shown.len(), 20);
    let field =
        |at: usize, name: &str| shown[at].fields.iter().find(|f| f.name == name).map(|f| (f.now.as_str(), f.was.as_deref()));
    assert_eq!((shown[0].line, shown[0].fate, shown[0].id.is_some()), (2, Fate::Update, true));
    assert_eq!(field(0, "city"), Some(("Quito", Some("Lima"))));
    assert_eq!(field(0, "birthday"), Some(("1990-02-03", Some(""))));
    assert_eq!(field(0, "email"), Some(("ana@x.com", None)));
    assert_eq!((shown[1].fate, shown[1].id, field(2, "birthday")), (Fate::Create, None, Some(("1990-05-06", None))));
    let shown = check("").await;
    assert!(shown[0].fields.iter().any(|f| f.name == "birthday" && f.now == "1990-03-02"), "a file in Spanish has the day first");
    assert_eq!(app.texts("SELECT city FROM contacts").await, ["Lima"]);
    // The page says so in words, and asks for the order; what came of it links to the records.
    let admin = sign_in(&app, Role::Admin).await;
    let client = app.client_with(&admin.cookie);
    let page = send(client.get(app.url(&format!("/import/{id}")))).await.text;
    assert!(page.contains("Mar 2, 1990"), "{page}");
    assert!(page.contains("name=\"day_order\"") && !page.contains("name=\"decimals\"") && page.contains("32 rows"), "{page}");
    start(&ctx, id, "email").await;
    imports::once(&ctx).await.unwrap();
    let whole = usecase::find(&ctx, id, Lang::En).await.unwrap();
    assert_eq!((whole.records.len(), whole.preview.len()), (32, 0));
    let page = send(client.get(app.url(&format!("/import/{id}")))).await.text;
    assert!(page.contains(&format!("href=\"/contacts/{}\"", whole.records[0].1)) && page.contains("took"), "{page}");
}

#[tokio::test]
async fn uploads_that_nobody_finishes_are_few_and_go() {
    let clock = Clock::fixed(noon());
    let app = TestApp::with(|setup| setup.clock = clock.clone()).await;
    let sales = sign_in(&app, Role::Sales).await;
    let client = app.client_with(&sales.cookie);
    let boundary = "x-x-x";
    let upload = async |n: usize| {
        let body = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f{n}.csv\"\r\n\r\nName,Email\nMine,a@x.com\n\r\n--{boundary}--\r\n"
        );
        let upload =
            client.post(app.url("/import/upload")).header(CONTENT_TYPE, format!("multipart/form-data; boundary={boundary}"));
        send(upload.body(body)).await.header("location").to_owned()
    };
    for n in 0..10 {
        assert!(upload(n).await.starts_with("/import/"));
    }
    let place = upload(10).await;
    assert_eq!(place, "/import?kind=contacts&why=unfinished");
    let page = send(client.get(app.url(&place))).await.text;
    assert!(page.contains("10 uploads that are not finished, the oldest is f0.csv"), "{page}");
    clock.set(noon() + TimeDelta::hours(23));
    usecase::trim(&app.ctx()).await.unwrap();
    assert_eq!(app.count("imports").await, 10);
    clock.set(noon() + TimeDelta::hours(25));
    usecase::trim(&app.ctx()).await.unwrap();
    assert_eq!(app.count("imports").await, 0);
}
