//! Importing files: matching, what is wrong by row, two at once, crash and resume, and undoing.

use std::fmt::Write as _;

use chrono::TimeDelta;
use nexus_crm::{
    domain::{format::Lang, import::Kind, people::Role},
    features::imports::{
        run,
        usecase::{self, NotTaken, Settings, Whole},
    },
    flows::imports,
    platform::{
        clock::Clock,
        ctx::{Actor, Ctx},
        tables::Refused,
    },
};
use reqwest::header::CONTENT_TYPE;
use uuid::Uuid;

use crate::support::{TestApp, http::send, noon, people::sign_in};

const HEADERS: &str = "Nombre,Apellidos,Correo,Teléfono,Empresa,Ciudad\n";

/// Takes a file in as the product itself, and imports it with what was guessed.
async fn import(app: &TestApp, kind: Kind, text: &str, on_match: &str) -> Whole {
    let id = begin(app, kind, text, on_match, false).await;
    imports::once(&app.ctx()).await.unwrap();
    usecase::find(&app.ctx(), id, Lang::En).await.unwrap()
}

async fn begin(app: &TestApp, kind: Kind, text: &str, on_match: &str, dry: bool) -> Uuid {
    let ctx = app.ctx();
    let id = usecase::take_in(&ctx, kind, "people.csv", text.into()).await.unwrap();
    start(&ctx, id, on_match, dry).await;
    id
}

async fn start(ctx: &Ctx, id: Uuid, on_match: &str, dry: bool) {
    let import = usecase::find(ctx, id, Lang::En).await.unwrap().import;
    let settings = Settings { mapping: import.mapping.clone(), match_key: &import.match_key, on_match, ..Settings::default() };
    usecase::begin(ctx, id, &settings, dry).await.unwrap();
}

fn counts(whole: &Whole) -> (i64, i64, i64, i64, i64) {
    let i = &whole.import;
    (i.created, i.updated, i.unchanged, i.skipped, i.refused)
}

fn many(rows: usize) -> String {
    let mut text = HEADERS.to_owned();
    for n in 0..rows {
        writeln!(text, "Ana {n},García,ana{n}@x.com,+34 600 {n:06},Empresa {},Lima", n % 7).unwrap();
    }
    text
}

#[tokio::test]
async fn a_file_becomes_contacts_and_companies_and_again_changes_nothing() {
    let app = TestApp::start().await;
    let text = format!("{HEADERS}Ana,Ruiz,ANA@x.com,+34 600 111 222,Clínica Ñandú,Lima\nLuis,Gil,luis@x.com,,CLINICA ÑANDU,\n");
    let whole = import(&app, Kind::Contacts, &text, "update").await;
    assert_eq!((whole.import.state.as_str(), counts(&whole)), ("done", (2, 0, 0, 0, 0)));
    assert_eq!(app.count("companies").await, 1);
    assert_eq!(
        app.text("SELECT string_agg(first_name || '|' || last_name || '|' || email || '|' || coalesce(phone, '-'), ';' ORDER BY email) FROM contacts")
            .await,
        "Ana|Ruiz|ana@x.com|+34 600 111 222;Luis|Gil|luis@x.com|-"
    );
    let again = import(&app, Kind::Contacts, &text, "update").await;
    assert_eq!(counts(&again), (0, 0, 2, 0, 0));
    assert_eq!(app.number("SELECT max(version)::bigint FROM contacts").await, 1);
    assert_eq!(app.count("journal WHERE event IN ('import_started', 'import_ended')").await, 4);
}

#[tokio::test]
async fn rows_that_match_are_changed_left_or_added_as_it_is_said() {
    let app = TestApp::start().await;
    import(&app, Kind::Contacts, &format!("{HEADERS}Ana,Ruiz,ana@x.com,111111111,,Lima\n"), "update").await;
    let changed = format!("{HEADERS}Ana María,,ana@x.com,222222222,,\n");
    assert_eq!(counts(&import(&app, Kind::Contacts, &changed, "skip").await), (0, 0, 0, 1, 0));
    assert_eq!(counts(&import(&app, Kind::Contacts, &changed, "update").await), (0, 1, 0, 0, 0));
    // What the file does not say stays, and the number that was there is kept beside.
    let now = "SELECT concat_ws('|', first_name, last_name, phone, other_phones[1], city) FROM contacts";
    assert_eq!(app.text(now).await, "Ana María|Ruiz|222222222|111111111|Lima");
    assert_eq!(counts(&import(&app, Kind::Contacts, &changed, "create").await), (1, 0, 0, 0, 0));
    // Now two have the address: which is meant, nobody can tell.
    let whole = import(&app, Kind::Contacts, &changed, "update").await;
    assert_eq!(counts(&whole), (0, 0, 0, 0, 1));
    assert!(whole.wrong[0].2[0].1.contains("several"), "{:?}", whole.wrong);
}

#[tokio::test]
async fn one_who_stands_twice_in_a_file_is_one_record() {
    let app = TestApp::start().await;
    let text = format!("{HEADERS}Ana,Ruiz,ana@x.com,,,\nAna,,ANA@x.com,+34 600 111 222,ACME,Lima\n");
    let whole = import(&app, Kind::Contacts, &text, "update").await;
    assert_eq!(counts(&whole), (1, 1, 0, 0, 0));
    assert_eq!(app.text("SELECT last_name || '|' || phone || '|' || city FROM contacts").await, "Ruiz|+34 600 111 222|Lima");
}

#[tokio::test]
async fn what_is_wrong_is_told_by_row_and_can_be_mended() {
    let app = TestApp::start().await;
    let long = "x".repeat(101);
    let text = format!(
        "{HEADERS}Ana,Ruiz,no-es-correo,+34 600 111 222,,\n,,,,ACME,Lima\n\"Luis\",Gil,luis@x.com,\"=cmd|' /C calc'!A0\",,{long}\nEva,Sol,eva@x.com,,,\n"
    );
    let whole = import(&app, Kind::Contacts, &text, "update").await;
    assert_eq!(counts(&whole), (2, 0, 0, 0, 2));
    let rows: Vec<(i64, bool, usize)> = whole.wrong.iter().map(|(line, refused, said)| (*line, *refused, said.len())).collect();
    assert_eq!(rows, [(2, true, 2), (3, true, 1), (4, false, 3)]);
    let (csv, next) = usecase::problems_csv(&app.ctx(), whole.import.id, None, Lang::Es).await.unwrap();
    assert!(next.is_none() && csv.starts_with("\u{feff}Nombre,Apellidos,Correo"), "{csv}");
    assert!(csv.contains("Ana,Ruiz,no-es-correo,+34 600 111 222,,,") && csv.contains("'=cmd"), "{csv}");
    // The file as it was downloaded is understood again.
    let mended = csv.replace("no-es-correo", "ana@x.com");
    let again = import(&app, Kind::Contacts, &mended, "update").await;
    assert_eq!(app.texts("SELECT phone FROM contacts WHERE first_name = 'Ana'").await, ["+34 600 111 222"]);
    assert_eq!(again.import.mapping.last().map(String::as_str), Some(""));
}

#[tokio::test]
async fn a_dry_run_tells_all_and_changes_nothing() {
    let app = TestApp::start().await;
    import(&app, Kind::Contacts, &format!("{HEADERS}Ana,Ruiz,ana0@x.com,,,\n"), "update").await;
    let text = format!("{}Ana,Otra,ana700@x.com,,,\n,,,,,Lima\n", many(800));
    let id = begin(&app, Kind::Contacts, &text, "update", true).await;
    imports::once(&app.ctx()).await.unwrap();
    let whole = usecase::find(&app.ctx(), id, Lang::En).await.unwrap();
    assert_eq!((whole.import.state.as_str(), counts(&whole)), ("checked", (799, 2, 0, 0, 1)));
    assert_eq!((app.count("contacts").await, app.count("companies").await, app.count("import_changes").await), (1, 0, 1));
    // What was tried out can be started.
    start(&app.ctx(), id, "update", false).await;
    imports::once(&app.ctx()).await.unwrap();
    assert_eq!(counts(&usecase::find(&app.ctx(), id, Lang::En).await.unwrap()), (799, 2, 0, 0, 1));
    assert_eq!((app.count("contacts").await, app.count("companies").await), (800, 7));
}

#[tokio::test]
async fn two_imports_at_once_leave_one_truth() {
    let app = TestApp::start().await;
    let text = many(1_200);
    begin(&app, Kind::Contacts, &text, "update", false).await;
    begin(&app, Kind::Contacts, &text, "update", false).await;
    let (a, b) = (app.ctx(), app.ctx());
    let (a, b) = tokio::join!(imports::once(&a), imports::once(&b));
    a.and(b).unwrap();
    assert_eq!((app.count("contacts").await, app.count("companies").await), (1_200, 7));
    assert_eq!(app.number("SELECT sum(created)::bigint FROM imports").await, 1_200);
}

#[tokio::test]
async fn another_process_goes_on_where_one_has_died() {
    let clock = Clock::fixed(noon());
    let app = TestApp::with(|setup| setup.clock = clock.clone()).await;
    let id = begin(&app, Kind::Contacts, &many(700), "update", false).await;
    // A process has done the first 500 rows and dies, holding the import.
    imports::once(&app.ctx()).await.unwrap();
    app.as_owner(&format!(
        "DELETE FROM import_changes WHERE record_id IN (SELECT id FROM contacts WHERE substr(email, 4, strpos(email, '@') - 4)::int >= 500);
         DELETE FROM contacts WHERE substr(email, 4, strpos(email, '@') - 4)::int >= 500;
         UPDATE imports SET state = 'running', after_line = 501, done_rows = 500, created = 500, lease = gen_random_uuid(),
            lease_until = '{}' WHERE id = '{id}'",
        noon() + run::LEASE
    ))
    .await;
    imports::once(&app.ctx()).await.unwrap();
    assert_eq!(app.count("contacts").await, 500, "it is still that process's");
    clock.set(noon() + run::LEASE + TimeDelta::seconds(1));
    imports::once(&app.ctx()).await.unwrap();
    let whole = usecase::find(&app.ctx(), id, Lang::En).await.unwrap();
    assert_eq!((whole.import.state.as_str(), whole.import.done_rows, counts(&whole)), ("done", 700, (700, 0, 0, 0, 0)));
    assert_eq!(app.count("contacts").await, 700);
}

#[tokio::test]
async fn an_import_that_is_cancelled_goes_no_further() {
    let app = TestApp::start().await;
    let id = begin(&app, Kind::Contacts, &many(10), "update", false).await;
    usecase::cancel(&app.ctx(), id).await.unwrap();
    imports::once(&app.ctx()).await.unwrap();
    assert_eq!(app.count("contacts").await, 0);
    assert!(usecase::cancel(&app.ctx(), id).await.is_err());
}

#[tokio::test]
async fn a_whole_import_is_undone_but_for_what_was_changed_since() {
    let app = TestApp::start().await;
    import(&app, Kind::Contacts, &format!("{HEADERS}Vieja,Ruiz,old@x.com,111111111,,Lima\nOtra,Ruiz,other@x.com,,,\n"), "update")
        .await;
    let text = format!(
        "{HEADERS}Nueva,Ruiz,old@x.com,222222222,ACME,Quito\nUno,A,a@x.com,,ACME,\nDos,B,b@x.com,,Sola,\nTres,,other@x.com,,,\n"
    );
    let whole = import(&app, Kind::Contacts, &text, "update").await;
    assert_eq!(counts(&whole), (2, 2, 0, 0, 0));
    app.as_owner("UPDATE contacts SET city = 'Cusco', version = version + 1 WHERE email IN ('b@x.com', 'other@x.com')").await;
    usecase::undo(&app.ctx(), whole.import.id).await.unwrap();
    imports::once(&app.ctx()).await.unwrap();
    let whole = usecase::find(&app.ctx(), whole.import.id, Lang::En).await.unwrap();
    assert_eq!((whole.import.state.as_str(), whole.import.undone, whole.import.kept), ("undone", 3, 3));
    let now =
        "SELECT string_agg(concat_ws('|', first_name, phone, city), ';' ORDER BY email) FROM contacts WHERE deleted_at IS NULL";
    assert_eq!(app.text(now).await, "Dos|Cusco;Vieja|111111111|Lima;Tres|Cusco");
    // The company of somebody who stays, stays.
    assert_eq!(app.texts("SELECT name FROM companies WHERE deleted_at IS NULL").await, ["Sola"]);
    assert_eq!(whole.kept.len(), 3);
}

#[tokio::test]
async fn a_job_has_the_rights_of_whoever_started_it() {
    let app = TestApp::start().await;
    let (sales, other) = (sign_in(&app, Role::Sales).await, sign_in(&app, Role::Sales).await);
    app.as_owner(&format!(
        "INSERT INTO contacts (id, first_name, email, owner_id, created_at, updated_at)
         VALUES (gen_random_uuid(), 'Hers', 'a@x.com', '{}', now(), now())",
        other.id
    ))
    .await;
    let client = app.client_with(&sales.cookie);
    let boundary = "x-x-x";
    let body = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"kind\"\r\n\r\ncontacts\r\n--{boundary}\r\nContent-Disposition: form-data; \
         name=\"file\"; filename=\"mine.csv\"\r\n\r\nName,Email\nMine,a@x.com\n\r\n--{boundary}--\r\n"
    );
    let upload = |body: String| {
        client.post(app.url("/import/upload")).header(CONTENT_TYPE, format!("multipart/form-data; boundary={boundary}")).body(body)
    };
    let answer = send(upload(body.clone())).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    let place = answer.header("location").to_owned();
    let page = send(client.get(app.url(&place))).await;
    assert!(page.text.contains("mine.csv") && page.text.contains("name=\"c1\""), "{}", page.text);
    let form = client.post(app.url(&place)).form(&[
        ("do", "start"),
        ("c0", "full_name"),
        ("c1", "email"),
        ("match", "email"),
        ("on_match", "update"),
    ]);
    assert_eq!(send(form).await.header("location"), place);
    imports::once(&app.ctx()).await.unwrap();
    // The one of somebody else was neither seen nor changed.
    let rows = "SELECT first_name || '|' || (owner_id = '{}')::text FROM contacts ORDER BY first_name"
        .replace("{}", &sales.id.to_string());
    assert_eq!(app.texts(&rows).await, ["Hers|false", "Mine|true"]);
    // Nor does anybody else see the import; whoever is not let in any more imports nothing.
    let other = app.client_with(&other.cookie);
    assert_eq!(send(other.get(app.url(&place))).await.status, 404);
    let second = send(upload(body)).await.header("location").to_owned();
    let id: Uuid = second.trim_start_matches("/import/").parse().unwrap();
    send(client.post(app.url(&second)).form(&[
        ("do", "start"),
        ("c0", ""),
        ("c1", "email"),
        ("match", "none"),
        ("on_match", "create"),
    ]))
    .await;
    app.as_owner(&format!("UPDATE users SET status = 'disabled' WHERE id = '{}'", sales.id)).await;
    imports::once(&app.ctx()).await.unwrap();
    assert_eq!(usecase::find(&app.ctx(), id, Lang::En).await.unwrap().import.state, "failed");
    assert_eq!(app.count("contacts").await, 2);
}

#[tokio::test]
async fn a_file_that_is_no_table_is_told_of_and_not_kept() {
    let app = TestApp::start().await;
    for (bytes, part) in
        [(Vec::new(), "empty"), ((0..=255).cycle().take(9_000).collect(), "no text"), (b"%PDF-1.4".to_vec(), "PDF")]
    {
        match usecase::take_in(&app.ctx(), Kind::Contacts, "x.csv", bytes).await {
            Err(NotTaken::File(refused)) => assert!(refused.to_string().contains(part), "{refused}"),
            other => panic!("{other:?}"),
        }
    }
    assert!(matches!(Refused::Empty.message(Lang::Es).as_str(), "el archivo está vacío"));
    assert!(matches!(usecase::take_in(&app.ctx(), Kind::Deals, "x.csv", b"a,b\n1,2".to_vec()).await, Err(NotTaken::App(_))));
    let nobody = Ctx::new(app.app.clone(), Actor::Nobody);
    assert!(usecase::take_in(&nobody, Kind::Contacts, "x.csv", b"a,b\n1,2".to_vec()).await.is_err());
    assert_eq!(app.count("imports").await, 0);
}

#[tokio::test]
async fn what_somebody_said_of_columns_is_remembered() {
    let app = TestApp::start().await;
    let text = "Zzz,Correo\nAna,ana@x.com\n";
    let whole =
        usecase::find(&app.ctx(), usecase::take_in(&app.ctx(), Kind::Contacts, "a.csv", text.into()).await.unwrap(), Lang::En)
            .await
            .unwrap();
    assert_eq!(whole.import.mapping, ["", "email"]);
    let whole =
        import(&app, Kind::Companies, "Empresa,Dominio,Empleados\nACME,acme.com,\"1,200\"\nacme,acme.es,x\n", "update").await;
    assert_eq!(counts(&whole), (1, 1, 0, 0, 0));
    assert_eq!(app.text("SELECT domain || '|' || employees FROM companies").await, "acme.es|1200");
}

#[tokio::test]
async fn a_list_is_taken_out_whole_and_harmless() {
    let app = TestApp::start().await;
    let mut text = many(1_100);
    text.push_str("\"=HYPERLINK(\"\"http://x\"\")\",Fórmula,f@x.com,+34 600 999 999,,Quito\n");
    import(&app, Kind::Contacts, &text, "update").await;
    let csv = app.get("/contacts/export.csv").await;
    assert_eq!((csv.status, csv.text.lines().count()), (200, 1_102));
    assert!(csv.text.contains("'=HYPERLINK") && csv.text.contains(",+34 600 999 999,"), "{}", &csv.text[..300]);
    let few = app.get("/contacts/export.csv?q=quito").await;
    assert!(few.text.lines().count() < 1_102);
    let xlsx = app.client.get(app.url("/contacts/export.xlsx")).send().await.unwrap().bytes().await.unwrap();
    // What the view shows comes first, and the rest after it.
    let headers = |text: &str| text.lines().next().unwrap().trim_start_matches('\u{feff}').to_owned();
    let all = headers(&csv.text);
    assert!(all.starts_with("Id,First name,Last name,E-mail,") && all.contains(",Notes,") && !all.contains("When"), "{all}");
    let chosen = headers(&app.get("/contacts/export.csv?cols=city,usage,tags").await.text);
    assert!(
        chosen.starts_with("Id,First name,Last name,City,") && chosen.split(',').count() == all.split(',').count() + 1,
        "{chosen}"
    );
    // What was made harmless comes back as it was.
    for file in [csv.text.into_bytes(), xlsx.to_vec()] {
        let again = usecase::take_in(&app.ctx(), Kind::Contacts, "again", file).await.unwrap();
        start(&app.ctx(), again, "update", false).await;
        imports::once(&app.ctx()).await.unwrap();
        let whole = usecase::find(&app.ctx(), again, Lang::En).await.unwrap();
        assert_eq!((whole.import.total_rows, counts(&whole)), (1_101, (0, 0, 1_101, 0, 0)), "{:?}", whole.wrong.first());
    }
    assert_eq!(app.count("journal WHERE event = 'contacts_exported'").await, 4);
}

#[tokio::test]
async fn companies_and_leads_are_taken_out_as_contacts_are() {
    let app = TestApp::start().await;
    let (sales, viewer) = (sign_in(&app, Role::Sales).await, sign_in(&app, Role::Viewer).await);
    import(&app, Kind::Companies, "Empresa,Empleados,Notas,Etiquetas\nACME,1200,\"=CMD|calc\",\"a, b\"\nSola,,,\n", "update").await;
    app.as_owner(&format!(
        "UPDATE companies SET owner_id = '{}' WHERE name = 'Sola';
         INSERT INTO leads (id, first_name, email, message, score, custom, created_at, updated_at)
         SELECT gen_random_uuid(), 'Lead ' || n, n || '@x.com', '=1+1', n % 7, '{{}}', now(), now() FROM generate_series(1, 1500) n",
        viewer.id
    ))
    .await;
    let csv = app.get("/companies/export.csv?cols=tags").await;
    assert_eq!((csv.status, csv.text.lines().count()), (200, 3), "{}", csv.text);
    assert!(csv.text.contains(",ACME,\"a, b\",") && csv.text.contains(",1200,") && csv.text.contains("'=CMD|calc"), "{}", csv.text);
    // Each sees what is theirs to see.
    let own = send(app.client_with(&sales.cookie).get(app.url("/companies/export.csv"))).await;
    assert_eq!((own.status, own.text.contains("Sola")), (200, false), "{}", own.text);
    assert_eq!(send(app.client_with(&viewer.cookie).get(app.url("/leads/export.csv"))).await.status, 403);
    let leads = app.get("/leads/export.csv").await;
    assert_eq!((leads.status, leads.text.lines().count()), (200, 1_501));
    assert!(
        leads.text.contains(",'=1+1,") && leads.text.starts_with("\u{feff}Id,First name,Last name,E-mail,"),
        "{}",
        &leads.text[..300]
    );
    assert_eq!(
        app.get("/leads/export.csv?q=lead+1500&sort=newest").await.text.lines().filter(|l| l.contains("Lead 1500")).count(),
        1
    );
    let xlsx = app.client.get(app.url("/leads/export.xlsx")).send().await.unwrap();
    assert_eq!(xlsx.status(), 200);
    assert!(xlsx.bytes().await.unwrap().starts_with(b"PK"));
    assert_eq!(app.count("journal WHERE event IN ('companies_exported', 'leads_exported')").await, 5);
    // What was made harmless comes back as it was.
    let before = app.text("SELECT notes FROM companies WHERE name = 'ACME'").await;
    let again = usecase::take_in(&app.ctx(), Kind::Companies, "again.csv", csv.text.into_bytes()).await.unwrap();
    start(&app.ctx(), again, "update", false).await;
    imports::once(&app.ctx()).await.unwrap();
    assert_eq!(before, "=CMD|calc");
    assert_eq!(counts(&usecase::find(&app.ctx(), again, Lang::En).await.unwrap()), (0, 0, 2, 0, 0));
}
