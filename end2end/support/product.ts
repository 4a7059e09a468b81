// A server of the product with a database of its own, and GENESIS's side of it: signed events.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import type { UsageEvent } from './events';

const ROOT = path.resolve(__dirname, '..', '..');
const BINARY = process.env.NEXUS_CRM_BIN || path.join(ROOT, 'target', 'release', 'nexus-crm');
/** At most this many items in one request. */
const BATCH = 1_000;

/** What `GET /agent-usage/analytics/summary` says, as far as the tests read it. */
export interface Summary {
  from: string;
  to: string;
  totals: { interactions: number; tokens: number; active_users: number };
  known_users: number;
  agents: { agent_id: string; interactions: number; tokens: number }[];
  users_near_a_limit: number;
}

function ownerUrl(): string {
  const url = process.env.TEST_DATABASE_URL;
  if (!url) {
    throw new Error('TEST_DATABASE_URL is missing: a role that may make databases, as script/test passes it');
  }
  return url;
}

/** The same address for another database, and for the server's own role if asked. */
function databaseUrl(name: string, role?: string): string {
  const [address = '', query = ''] = ownerUrl().split('?', 2);
  const fields = new URLSearchParams(query);
  let base = address.replace(/^([a-z]+:\/\/[^/]*)\/.*$/, `$1/${name}`);
  if (role && fields.has('user')) {
    fields.set('user', role);
  } else if (role) {
    base = base.replace(/^([a-z]+:\/\/)(?:[^@/]*@)?/, `$1${role}@`);
  }
  const rest = [...fields].map(([key, value]) => `${key}=${value}`).join('&');
  return rest ? `${base}?${rest}` : base;
}

async function sql(url: string, text: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve, reject) => server.once('listening', resolve).once('error', reject));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export class Product {
  /** Every event that was acknowledged, in order. */
  readonly events: UsageEvent[] = [];
  /** What the server has said. */
  log = '';
  private readonly secret = randomBytes(24).toString('hex');
  private readonly name = `browser_${process.pid}_${randomBytes(4).toString('hex')}`;
  /** The password of everybody whom the tests make. */
  readonly password = 'una lluvia sin paraguas';
  private process?: ChildProcess;
  private cookie = '';
  private folder = '';
  private port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  private env(): NodeJS.ProcessEnv {
    return {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      DATABASE_URL: databaseUrl(this.name, 'nexus_app'),
      DATABASE_OWNER_URL: databaseUrl(this.name),
      GENESIS_WEBHOOK_SECRET: this.secret,
      GENESIS_IMPORT_SECRET: randomBytes(24).toString('hex'),
      NEXUS_CRM_BASE_URL: this.url,
      NEXUS_CRM_RATE_LIMIT_LOOPBACK: 'off',
      NEXUS_CRM_SECRET_KEY: '0f'.repeat(32),
      NEXUS_CRM_MAIL_DIR: path.join(this.folder, 'mail'),
      LEPTOS_OUTPUT_NAME: 'nexus-crm',
      LEPTOS_SITE_ADDR: `127.0.0.1:${this.port}`,
      LEPTOS_SITE_ROOT: process.env.LEPTOS_SITE_ROOT || path.join(ROOT, 'target', 'site'),
      LEPTOS_ENV: 'PROD',
      LEPTOS_HASH_FILES: process.env.LEPTOS_HASH_FILES || 'true',
    };
  }

  /** Runs a command of the product; gives what it prints. */
  run(...words: string[]): Promise<string> {
    return this.feed('', ...words);
  }

  private feed(input: string, ...words: string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      const child = execFile(BINARY, words, { cwd: this.folder, env: this.env() }, (error, stdout, stderr) =>
        error ? reject(new Error(`nexus-crm ${words.join(' ')}: ${stderr}`)) : resolve(stdout.trim()),
      );
      child.stdin?.end(input);
    });
  }

  /** Makes an account that can sign in. */
  async person(email: string, name: string, role: string): Promise<void> {
    await this.feed(this.password, 'user', 'create', '--email', email, '--name', name, '--role', role, '--password-stdin');
  }

  /** Signs in; gives the secret of the session. */
  async signIn(email: string): Promise<string> {
    const answer = await fetch(`${this.url}/sign-in`, {
      method: 'POST',
      redirect: 'manual',
      headers: { origin: this.url },
      body: new URLSearchParams({ email, password: this.password }),
    });
    const secret = /nexus_session=([^;]+)/.exec(answer.headers.get('set-cookie') ?? '')?.[1];
    if (answer.status !== 303 || !secret) {
      throw new Error(`${email} cannot sign in: ${answer.status} ${await answer.text()}`);
    }
    return secret;
  }

  /** What a browser keeps whose person is signed in: the admin of the tests, if no other's secret is given. */
  state(secret = this.cookie) {
    const cookie = { name: 'nexus_session', value: secret, domain: '127.0.0.1', path: '/', expires: -1, httpOnly: true, secure: false };
    return { cookies: secret ? [{ ...cookie, sameSite: 'Lax' as const }] : [], origins: [] };
  }

  /** Makes the database and starts the server; with an admin, unless nobody is to have an account yet. */
  static async start(people = true): Promise<Product> {
    const product = new Product();
    try {
      product.port = await freePort();
      // A folder of its own: neither a developer's .env nor Leptos.toml reaches the tests.
      product.folder = await mkdtemp(path.join(os.tmpdir(), 'nexus-crm-browser-'));
      await sql(ownerUrl(), `CREATE DATABASE ${product.name}`);
      await product.run('migrate');
      if (people) {
        await product.person('admin@test.example', 'Ana Admin', 'admin');
      }
      await product.serve();
      if (people) {
        product.cookie = await product.signIn('admin@test.example');
      }
      return product;
    } catch (error) {
      await product.stop().catch(() => undefined);
      throw new Error(`the product did not start: ${error}\n${product.log}`);
    }
  }

  /** Starts the server, at the address it had before. */
  async serve(): Promise<void> {
    const child = spawn(BINARY, ['serve'], { cwd: this.folder, env: this.env(), stdio: ['ignore', 'pipe', 'pipe'] });
    this.process = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.log = (this.log + chunk.toString()).slice(-200_000);
      });
    }
    const deadline = Date.now() + 15_000;
    for (;;) {
      const ready = await fetch(`${this.url}/health/ready`).then((r) => r.ok, () => false);
      if (ready) {
        return;
      }
      if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline) {
        throw new Error('the server did not get ready');
      }
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.process;
    this.process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) {
      return;
    }
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const late = setTimeout(() => child.kill('SIGKILL'), 15_000);
    child.kill(signal);
    await gone;
    clearTimeout(late);
  }

  /** Ends the server in the hardest way. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Ends the server and removes what was made for it. */
  async stop(): Promise<void> {
    await this.end('SIGTERM');
    if (this.folder) {
      await rm(this.folder, { recursive: true, force: true });
    }
    await this.drop();
  }

  /** The server's last connections may take a moment to go. */
  private async drop(): Promise<void> {
    for (let tries = 100; ; tries--) {
      try {
        return await sql(ownerUrl(), `DROP DATABASE IF EXISTS ${this.name}`);
      } catch (error) {
        const inUse = (error as { code?: string }).code === '55006';
        if (!inUse || tries === 0) {
          throw error;
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Posts events as GENESIS does; each must be taken. Resolves when the last of them is acknowledged. */
  async post(...events: UsageEvent[]): Promise<void> {
    for (let from = 0; from < events.length; from += BATCH) {
      const part = events.slice(from, from + BATCH);
      const body = JSON.stringify(part.length === 1 ? part[0] : part);
      const signature = createHmac('sha256', this.secret).update(body).digest('hex');
      const answer = await fetch(`${this.url}/agent-usage/events`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-genesis-signature': `sha256=${signature}` },
        body,
      });
      const text = await answer.text();
      if (answer.status !== 200 || JSON.parse(text).status !== 'success') {
        throw new Error(`the events were not taken: ${answer.status} ${text.slice(0, 500)}`);
      }
      this.events.push(...part);
    }
  }

  private async get(place: string): Promise<Response> {
    const answer = await fetch(this.url + place, { headers: { cookie: `nexus_session=${this.cookie}` } });
    if (!answer.ok) {
      throw new Error(`${place}: ${answer.status} ${await answer.text()}`);
    }
    return answer;
  }

  async json<T>(place: string): Promise<T> {
    return (await (await this.get(place)).json()) as T;
  }

  async text(place: string): Promise<string> {
    return (await this.get(place)).text();
  }

  summary(days = 30): Promise<Summary> {
    return this.json(`/agent-usage/analytics/summary?days=${days}`);
  }
}
