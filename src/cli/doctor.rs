//! `nexus-crm doctor`.

use std::{path::Path, time::Duration};

use anyhow::bail;
use chrono::{DateTime, Utc};
use sqlx::{PgPool, Row};

use crate::platform::{
    config::Settings,
    db,
    mail::{MailSettings, Way},
    smtp,
};

/// What a check found: all is well, or what is wrong and how to mend it.
type Finding = Result<String, (String, String)>;

/// A secret of fewer characters may be guessed.
const GOOD_SECRET: usize = 24;
/// Free disk space below which the doctor complains, in MiB.
const LOW_DISK_MIB: u64 = 1_024;

/// Checks everything that keeps the product from running well, and says how to mend it.
///
/// # Errors
/// When anything is wrong.
pub async fn run() -> anyhow::Result<()> {
    let mut wrong = 0;
    let mut report = |name: &str, finding: Finding| match finding {
        Ok(note) => println!("ok    {name:<12} {note}"),
        Err((fault, mend)) => {
            wrong += 1;
            println!("WRONG {name:<12} {fault}\n      {:<12} -> {mend}", "");
        }
    };
    let settings = match Settings::from_env() {
        Ok(settings) => {
            report("settings", Ok("all readable".into()));
            Some(settings)
        }
        Err(error) => {
            for fault in error.0 {
                report("settings", Err((fault, "set it in the environment or in .env; .env.example lists all settings".into())));
            }
            None
        }
    };
    if let Some(settings) = settings {
        for (name, finding) in secrets(&settings) {
            report(name, finding);
        }
        report("mail", mail(&settings).await);
        match db::pool(settings.database_url.expose(), 3) {
            Err(_) => report("database", Err(("DATABASE_URL is not an address of PostgreSQL".into(), "mend DATABASE_URL".into()))),
            Ok(pool) => {
                for (name, finding) in database(&pool, &settings).await {
                    report(name, finding);
                }
                pool.close().await;
            }
        }
    }
    report("disk", disk());
    report("site", site());
    if wrong > 0 {
        bail!("{wrong} to mend");
    }
    Ok(())
}

fn secrets(settings: &Settings) -> Vec<(&'static str, Finding)> {
    let url = settings.database_url.expose();
    let mut findings = vec![("secrets", Ok(format!("{} webhook keys", settings.webhook_keys.len())))];
    if settings.database_owner_url.as_ref().is_some_and(|owner| owner.expose() == url) {
        findings.push((
            "roles",
            Err((
                "DATABASE_URL and DATABASE_OWNER_URL are the same".into(),
                format!("let the server connect as {}, which does not own the schema", db::APP_ROLE),
            )),
        ));
    }
    for name in ["GENESIS_WEBHOOK_SECRET", "GENESIS_IMPORT_SECRET"] {
        if std::env::var(name).is_ok_and(|secret| (1..GOOD_SECRET).contains(&secret.trim().len())) {
            let mend = "take one such as `openssl rand -hex 32` gives, and rotate by GENESIS_WEBHOOK_SECRET_PREVIOUS";
            findings.push(("secrets", Err((format!("{name} has fewer than {GOOD_SECRET} characters"), mend.into()))));
        }
    }
    #[cfg(unix)]
    if let Ok(meta) = std::fs::metadata(".env") {
        use std::os::unix::fs::PermissionsExt;
        if meta.permissions().mode() & 0o077 != 0 {
            findings.push(("secrets", Err((".env can be read by others on this machine".into(), "chmod 600 .env".into()))));
        }
    }
    findings
}

/// Whether mails can leave, and lead back to the product.
async fn mail(settings: &Settings) -> Finding {
    match &settings.mail {
        None => Ok("none is sent; links are passed on by hand".into()),
        Some(MailSettings { way: Way::Folder(folder), .. }) => match folder_is_writable(folder) {
            Ok(()) => Ok(format!("mails stay in {} and reach nobody", folder.display())),
            Err(error) => Err((format!("{}: {error}", folder.display()), "let the server write into NEXUS_CRM_MAIL_DIR".into())),
        },
        Some(MailSettings { way: Way::Smtp(server), from }) => {
            let host = url::Url::parse(&settings.base_url).ok().and_then(|url| url.host_str().map(str::to_owned));
            if host.is_none_or(|host| smtp::is_loopback(host.trim_matches(['[', ']']))) {
                let mend = "set NEXUS_CRM_BASE_URL to the address that people use";
                return Err((format!("the links in mails would lead to {}", settings.base_url), mend.into()));
            }
            match server.check().await {
                Ok(()) => Ok(format!("{} answers; mails are from {}", server.place(), from.email)),
                Err(error) => Err((
                    format!("{}: {error}", server.place()),
                    "check NEXUS_CRM_SMTP_URL, and that the server may be reached".into(),
                )),
            }
        }
    }
}

fn folder_is_writable(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let probe = folder.join(".doctor");
    std::fs::write(&probe, "")?;
    std::fs::remove_file(probe)
}

async fn database(pool: &PgPool, settings: &Settings) -> Vec<(&'static str, Finding)> {
    let query = sqlx::query(
        "SELECT current_setting('server_version_num')::integer AS version, now() AS now, current_user::text AS role,
            r.rolbypassrls AS bypass, r.rolsuper AS super, has_schema_privilege('public', 'CREATE') AS creates,
            current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS sync
         FROM pg_roles r WHERE r.rolname = current_user",
    );
    let row = match tokio::time::timeout(Duration::from_secs(5), query.fetch_one(pool)).await {
        Ok(Ok(row)) => row,
        Ok(Err(error)) => return vec![("database", Err((error.to_string(), "start PostgreSQL, and check DATABASE_URL".into())))],
        Err(_) => {
            return vec![(
                "database",
                Err(("it does not answer within 5 s".into(), "start PostgreSQL, and check DATABASE_URL".into())),
            )];
        }
    };
    let mut findings = Vec::new();
    let version: i32 = row.try_get("version").unwrap_or_default();
    findings.push((
        "database",
        if version >= 150_000 {
            Ok(format!("PostgreSQL {}.{}", version / 10_000, version % 10_000))
        } else {
            Err((format!("PostgreSQL {} is too old", version / 10_000), "upgrade to 15 or later".into()))
        },
    ));
    let (fsync, sync): (String, String) = (row.try_get("fsync").unwrap_or_default(), row.try_get("sync").unwrap_or_default());
    findings.push((
        "durability",
        if fsync == "on" && sync != "off" {
            Ok(format!("fsync {fsync}, synchronous_commit {sync}"))
        } else {
            Err((
                format!("fsync is {fsync}, synchronous_commit is {sync}"),
                "switch both on: acknowledged events must survive a crash".into(),
            ))
        },
    ));
    let role: String = row.try_get("role").unwrap_or_default();
    let flag = |name: &str| row.try_get::<bool, _>(name).unwrap_or(true);
    findings.push((
        "roles",
        if flag("bypass") || flag("super") || flag("creates") {
            let mend = format!("connect as {}: no superuser, no BYPASSRLS, no rights on the schema", db::APP_ROLE);
            Err((format!("the role {role} may do more than the server needs"), mend))
        } else {
            Ok(format!("{role}, without rights on the schema"))
        },
    ));
    let now: DateTime<Utc> = row.try_get("now").unwrap_or_default();
    let apart = (Utc::now() - now).num_seconds().abs();
    findings.push((
        "clock",
        if apart <= 2 {
            Ok("the same here and in the database".into())
        } else {
            Err((
                format!("{apart} s apart from the database's"),
                "let both machines keep time by NTP: signatures allow 300 s".into(),
            ))
        },
    ));
    findings.push((
        "migrations",
        match db::schema_version(pool).await {
            Ok(version) if version == db::newest_migration() => Ok(format!("at version {version}")),
            Ok(version) if version > db::newest_migration() => {
                Err((format!("the schema (version {version}) is newer than this build"), "deploy the newer build".into()))
            }
            Ok(_) => Err(("the schema is older than this build".into(), "run `nexus-crm migrate`".into())),
            Err(error) => Err((error.to_string(), "run `nexus-crm migrate`".into())),
        },
    ));
    if settings.vault.is_none()
        && let Ok(sealed) = sealed(pool).await
        && sealed > 0
    {
        let mend = "put the key back that sealed them; without it nobody of them can sign in, and GENESIS is refused";
        findings.push((
            "secrets",
            Err((format!("NEXUS_CRM_SECRET_KEY is missing, and {sealed} secrets are sealed with it"), mend.into())),
        ));
    }
    let most: Result<String, _> = sqlx::query_scalar("SELECT current_setting('max_connections')").fetch_one(pool).await;
    let most: u32 = most.ok().and_then(|m| m.parse().ok()).unwrap_or(100);
    if settings.database_pool + 3 > most {
        let mend = format!("lower NEXUS_CRM_DATABASE_POOL below {most}, or raise max_connections");
        findings.push(("connections", Err((format!("the pool of {} does not fit into {most}", settings.database_pool), mend))));
    }
    findings
}

/// How many secrets in the database are sealed: second factors, and webhook secrets.
async fn sealed(pool: &PgPool) -> Result<i64, sqlx::Error> {
    let mut tx = pool.begin_with("BEGIN; SET LOCAL nexus.role = 'system'").await?;
    let query = "SELECT (SELECT count(*) FROM users WHERE totp_secret IS NOT NULL)
        + (SELECT count(*) FROM webhook_secrets WHERE sealed IS NOT NULL)";
    sqlx::query_scalar(query).fetch_one(&mut *tx).await
}

/// Free space where the process runs, by `df`, which every Unix has.
fn disk() -> Finding {
    let output = std::process::Command::new("df").args(["-Pk", "."]).output();
    let free = output.ok().and_then(|o| {
        let text = String::from_utf8(o.stdout).ok()?;
        text.lines().nth(1)?.split_whitespace().nth(3)?.parse::<u64>().ok()
    });
    match free.map(|kib| kib / 1_024) {
        None => Ok("free space unknown here".into()),
        Some(mib) if mib < LOW_DISK_MIB => {
            Err((format!("{mib} MiB free"), "make room: PostgreSQL stops when the disk is full".into()))
        }
        Some(mib) => Ok(format!("{} GiB free", mib / 1_024)),
    }
}

/// The pages' files, and the list of their hashes, which stands beside the binary.
fn site() -> Finding {
    let options =
        super::serve::leptos_options().map_err(|e| (e.to_string(), "mend Leptos.toml or the LEPTOS_* variables".to_owned()))?;
    let root = options.site_root.as_ref();
    if !Path::new(root).join(options.site_pkg_dir.as_ref()).is_dir() {
        let mend = "run `cargo leptos build --release`, or say where they are with LEPTOS_SITE_ROOT";
        return Err((format!("no pages' files in {root}"), mend.into()));
    }
    let hashes = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join(options.hash_file.as_ref())));
    if options.hash_files && !hashes.as_ref().is_some_and(|file| file.is_file()) {
        return Err((
            format!("{} is not beside the binary", options.hash_file),
            "copy it from target/release with the binary".into(),
        ));
    }
    Ok(format!("pages' files in {root}"))
}
