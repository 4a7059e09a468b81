// Prints the bench's table and writes its JSON: node bench-report.js FIGURES OUT QUICK DATABASE
// FIGURES has a line each: key, value (empty: not measured), detail as JSON, with tabs between them.
"use strict";
const fs = require("fs");
const os = require("os");
const { execFileSync } = require("child_process");

const [figures, out, quick, database] = process.argv.slice(2);

// What must be reached, and what is aimed at.
const ROWS = [
  { key: "single", what: "single signed events, durable, against the peer", unit: "x", better: "higher", must: 10, aim: 15,
    say: (d) => `${d.events_per_second ?? "-"}/s, p99 ${d.ours?.p99_ms ?? "-"} ms` +
      (d.peer ? `; peer ${d.peer_events_per_second}/s, p99 ${d.peer.p99_ms} ms` : "") },
  { key: "batch", what: "batches of 100, against plain COPY", unit: "x", better: "higher", must: 0.35, aim: 0.5,
    say: (d) => `${d.events_per_second ?? "-"}/s against ${d.copy_rows_per_second ?? "-"}/s` },
  { key: "live", what: "post to socket at 1,000 events/s, p99", unit: "ms", better: "lower", must: 300, aim: 150,
    say: (d) => `sent ${Math.round(d.rate)}/s; p50 ${d.live_ms?.p50} ms; post p99 ${d.post_ms?.p99} ms` },
  { key: "page", what: "/usage with many events, p95", unit: "ms", better: "lower", must: 60, aim: 30,
    say: (d) => `${d.events} events; with ${d.few?.events}: p95 ${d.few?.p95_ms} ms; read anew: p95 ${d.anew_p95_ms} and ${d.few?.anew_p95_ms} ms` },
  { key: "contacts", what: "/contacts: list, search, filter; the slowest p95", unit: "ms", better: "lower", must: 60, aim: 60,
    say: (d) => Object.entries(d).filter(([, v]) => v?.p95_ms).map(([k, v]) => `${k} ${v.p95_ms}`).join(", ") },
  { key: "profile", what: "a contact's page, p95", unit: "ms", better: "lower", must: 60, aim: 60,
    say: (d) => `${d.interactions} interactions stored` },
  { key: "import", what: "import of 100,000 contacts, matched by e-mail", unit: "rows/s", better: "higher", must: 2000, aim: 2000,
    say: (d) => `${d.seconds} s; the server's peak ${d.peak_mb} MB (must: 300)` },
  { key: "export", what: "export of 100,000 contacts, the slower of CSV and XLSX", unit: "s", better: "lower", must: 10, aim: 10,
    say: (d) => `CSV ${d.csv_s} s, XLSX ${d.xlsx_s} s; the server's peak ${d.peak_mb} MB` },
  { key: "memory", what: "the server's memory, peak", unit: "MB", better: "lower", must: 200, aim: 100,
    say: (d) => `single ${d.peak_mb_single_events ?? "-"}, batches ${d.peak_mb_batches ?? "-"}, live ${d.peak_mb_live} MB` },
  { key: "bytes", what: "first page's WASM and JS, brotli", unit: "KB", better: "lower", must: 450, aim: 300,
    say: (d) => `${d.bytes} bytes` },
];

const measured = new Map();
for (const line of fs.readFileSync(figures, "utf8").split("\n").filter(Boolean)) {
  const [key, value, detail] = line.split("\t");
  measured.set(key, { value: value === "" ? null : Number(value), detail: JSON.parse(detail) });
}

const rows = ROWS.map((row) => {
  const { value, detail } = measured.get(row.key) ?? { value: null, detail: { why: "not measured" } };
  const reaches = (mark) => (row.better === "higher" ? value >= mark : value <= mark);
  const verdict = value === null ? detail.why ?? "not measured" : reaches(row.aim) ? "ok, aim reached" : reaches(row.must) ? "ok" : "short";
  const { say, ...rest } = row;
  return { ...rest, value, verdict, detail, text: say(detail) };
});

const sign = (row) => (row.better === "higher" ? ">=" : "<=");
const table = [["what", "measured", "must", "aim", "", "detail"]].concat(
  rows.map((r) => [r.what, r.value === null ? "-" : `${r.value} ${r.unit}`, `${sign(r)} ${r.must}`, `${sign(r)} ${r.aim}`, r.verdict, r.text]));
const widths = table[0].map((_, i) => Math.max(...table.map((line) => String(line[i]).length)));
const print = (line) => console.log(line.map((cell, i) => String(cell).padEnd(widths[i])).join("  ").trimEnd());
console.log("");
print(table[0]);
print(widths.map((w) => "-".repeat(w)));
table.slice(1).forEach(print);
console.log("");

let commit = null;
try {
  commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { stdio: ["ignore", "pipe", "ignore"] }).toString().trim();
} catch {
  // not a checkout
}
fs.writeFileSync(out, JSON.stringify({
  measured_at: new Date().toISOString(),
  commit,
  quick: quick === "1",
  machine: { cpus: os.cpus().length, model: os.cpus()[0]?.model ?? "", memory_mb: Math.round(os.totalmem() / 1048576), system: `${os.type()} ${os.release()}`, database },
  rows: rows.map(({ text, ...row }) => row),
}, null, 2) + "\n");
