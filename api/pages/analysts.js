// The analysts' page: asks POST /sql and shows what comes back. Text is only ever set as text, never as HTML.
"use strict";

const KEY = "goaltrail.key";
const CATALOGUE = `
SELECT r.kind, r.name, r.comment, c.column_name, c.data_type, c.comment
FROM (
  SELECT 'views' AS kind, view_name AS name, comment, database_name FROM duckdb_views() WHERE NOT internal
  UNION ALL
  SELECT 'tables', table_name, comment, database_name FROM duckdb_tables() WHERE NOT internal
) AS r
JOIN duckdb_columns() AS c ON c.table_name = r.name AND c.database_name = r.database_name
ORDER BY r.name, c.column_index`;
const NUMBERS = /INT|DOUBLE|FLOAT|DECIMAL/;
const UNBROKEN = /DATE|TIME|UUID/;

const at = (id) => document.getElementById(id);
let shown = null; // the result on the page
let asking = null; // what stops the query under way

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

async function ask(sql, signal) {
  const answer = await fetch("/api/browser-tasks/sql", {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-API-Key": sessionStorage.getItem(KEY) ?? "" },
    body: JSON.stringify({ sql }),
    signal,
  });
  const body = await answer.json().catch(() => ({ error: `the API answered ${answer.status}` }));
  if (answer.ok) return body.data;
  const refused = new Error(body.error ?? `the API answered ${answer.status}`);
  refused.status = answer.status;
  throw refused;
}

function explained(error) {
  if (error.status === 401) return `${error.message}. Enter a key that is known here.`;
  if (error.status === 403) {
    return `${error.message}. An operator makes a key that may query: goaltrail keys create --name analyst --scope sql`;
  }
  return error.message;
}

async function open() {
  at("refusal").hidden = true;
  try {
    const [catalogue, examples] = await Promise.all([
      ask(CATALOGUE),
      fetch("/analysts/examples.json").then((answer) => answer.json()),
    ]);
    list(catalogue.rows, examples);
    at("door").hidden = true;
    at("desk").hidden = false;
    at("sql").focus();
  } catch (error) {
    if (error.status === 401 || error.status === 403) sessionStorage.removeItem(KEY);
    at("refusal").textContent = explained(error);
    at("refusal").hidden = false;
  }
}

function list(rows, examples) {
  const relations = new Map();
  for (const [kind, name, comment, column, type, meaning] of rows) {
    if (!relations.has(name)) relations.set(name, { kind, comment, columns: [] });
    relations.get(name).columns.push([column, type, meaning]);
  }
  at("views").replaceChildren();
  at("tables").replaceChildren();
  for (const [name, relation] of relations) {
    at(relation.kind).append(described(name, relation, examples.filter((example) => example.view === name)));
  }
}

function described(name, relation, examples) {
  const whole = element("details");
  whole.append(element("summary", name), element("p", relation.comment ?? ""));
  const all = { question: "Show its first rows", sql: `FROM ${name} LIMIT 20` };
  for (const example of [...examples, all]) {
    const button = element("button", example.question);
    button.type = "button";
    button.title = example.sql;
    button.addEventListener("click", () => {
      at("sql").value = example.sql;
      run();
    });
    whole.append(button);
  }
  const columns = element("dl");
  for (const [column, type, meaning] of relation.columns) {
    const term = element("dt", `${column} `);
    term.append(element("span", type));
    columns.append(term, element("dd", meaning ?? ""));
  }
  whole.append(columns);
  return whole;
}

async function run() {
  asking?.abort();
  const mine = new AbortController();
  asking = mine;
  const sql = at("sql").value;
  history.replaceState(null, "", `#sql=${encodeURIComponent(sql)}`);
  say("Asked ...");
  busy(true);
  try {
    const result = await ask(sql, mine.signal);
    show(result);
    say(`${result.row_count} ${result.row_count === 1 ? "row" : "rows"} in ${Math.round(result.elapsed_ms)} ms`);
  } catch (error) {
    if (asking !== mine) return; // a newer query is under way
    show(null);
    say(error.name === "AbortError" ? "Stopped." : explained(error), error.name !== "AbortError");
  } finally {
    if (asking === mine) {
      asking = null;
      busy(false);
    }
  }
}

function say(text, wrong = false) {
  at("said").textContent = text;
  at("said").className = wrong ? "wrong" : "";
}

function busy(yes) {
  at("run").disabled = yes;
  at("stop").disabled = !yes;
}

function show(result) {
  shown = result;
  at("download").disabled = result === null;
  at("result").replaceChildren();
  if (result === null) return;
  const table = element("table");
  const head = table.createTHead().insertRow();
  for (const column of result.columns) {
    const cell = element("th", column.name);
    cell.title = column.type;
    head.append(cell);
  }
  const body = table.createTBody();
  for (const row of result.rows) {
    const line = body.insertRow();
    row.forEach((value, place) => line.append(cellOf(value, result.columns[place].type)));
  }
  at("result").append(table);
}

function cellOf(value, type) {
  if (value === null) return element("td", "NULL", "nothing");
  const nested = typeof value === "object";
  const looks = nested ? "" : NUMBERS.test(type) ? "number" : UNBROKEN.test(type) ? "unbroken" : "";
  return element("td", textOf(value), looks);
}

function textOf(value) {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function download() {
  const quoted = (value) => (value === null ? "" : `"${textOf(value).replaceAll('"', '""')}"`);
  const lines = [shown.columns.map((column) => column.name), ...shown.rows].map((row) => row.map(quoted).join(","));
  const link = element("a");
  link.href = URL.createObjectURL(new Blob([`${lines.join("\r\n")}\r\n`], { type: "text/csv" }));
  link.download = "goaltrail.csv";
  link.click();
  URL.revokeObjectURL(link.href);
}

function forget() {
  sessionStorage.removeItem(KEY);
  show(null);
  say("");
  at("key").value = "";
  at("desk").hidden = true;
  at("door").hidden = false;
}

at("door").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem(KEY, at("key").value.trim());
  open();
});
at("query").addEventListener("submit", (event) => {
  event.preventDefault();
  run();
});
at("sql").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) run();
});
at("stop").addEventListener("click", () => asking?.abort());
at("download").addEventListener("click", download);
at("forget").addEventListener("click", forget);
at("sql").value = location.hash.startsWith("#sql=") ? decodeURIComponent(location.hash.slice(5)) : "SHOW TABLES";
if (sessionStorage.getItem(KEY)) open();
