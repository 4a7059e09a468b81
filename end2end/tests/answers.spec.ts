// What a page sends besides what it shows: its policy, and the figures as a file.
import { readFile } from 'node:fs/promises';
import { en, figures, open, parse } from '../support/pages';
import { expect, test } from '../support/test';

interface Line {
  start: string;
  tier: string;
  interactions: number;
  tokens: number;
}

function lines(csv: string): Line[] {
  const [head, ...rest] = csv.trimEnd().split('\r\n');
  expect(head).toBe('start_utc,tier,interactions,tokens');
  return rest.map((line) => {
    const [start = '', tier = '', interactions, tokens] = line.split(',');
    return { start, tier, interactions: Number(interactions), tokens: Number(tokens) };
  });
}

const sum = (of: Line[], key: 'interactions' | 'tokens') => of.reduce((total, line) => total + line[key], 0);

for (const address of ['/usage', '/usage?period=today', '/usage?period=7d&tier=prime&agent=NOVA']) {
  test(`the file of ${address} adds up to what the page shows`, async ({ page, product }) => {
    await open(page, address);
    const shown = await figures(page);
    const waiting = page.waitForEvent('download');
    await page.getByRole('link', { name: 'CSV' }).click();
    const download = await waiting;
    expect(download.suggestedFilename()).toMatch(/^usage-\d{4}-\d\d-\d\d-\d{4}-\d\d-\d\d\.csv$/);
    const all = lines(await readFile(await download.path(), 'utf8'));
    expect([sum(all, 'interactions'), sum(all, 'tokens')]).toEqual([shown.interactions, shown.tokens]);
    if (address === '/usage') {
      expect(all).toHaveLength(150);
      const { totals } = await product.summary(30);
      expect(totals).toEqual({ interactions: shown.interactions, tokens: shown.tokens, active_users: shown.activeUsers });
    }
  });
}

test('the chart’s table adds up to the figures', async ({ page }) => {
  await open(page, '/usage?period=7d');
  const cells = await page.getByRole('table', { name: en.chart.table }).getByRole('row').locator('td:nth-of-type(6)').allTextContents();
  expect(cells).toHaveLength(7);
  expect(cells.map(parse).reduce((a, b) => a + b, 0)).toBe((await figures(page)).tokens);
});

test('pages bring a strict policy, and scripts only by its nonce', async ({ request, product }) => {
  const nonces = new Set<string>();
  for (const address of ['/usage', '/usage/users', '/usage']) {
    const answer = await request.get(product.url + address);
    const headers = answer.headers();
    const policy = headers['content-security-policy'] ?? '';
    expect(policy).not.toContain('unsafe-inline');
    expect(policy).not.toContain("'unsafe-eval'");
    for (const part of ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"]) {
      expect(policy).toContain(part);
    }
    const nonce = /script-src [^;]*'nonce-([^']+)'/.exec(policy)?.[1] ?? '';
    expect(nonce.length).toBeGreaterThanOrEqual(16);
    nonces.add(nonce);
    const html = await answer.text();
    // A script that is empty runs nothing.
    const scripts = (html.match(/<script\b[^>]*>[^]*?<\/script>/g) ?? []).filter((script) => script !== '<script></script>');
    expect(scripts.length).toBeGreaterThan(0);
    expect(scripts.filter((script) => !/^<script\b[^>]*>/.exec(script)?.[0].includes(`nonce="${nonce}"`))).toEqual([]);
    expect(html).not.toMatch(/<[^>]+\sstyle=/);
    expect(html).not.toMatch(/<[^>]+\son[a-z]+=/);
    expect(html).not.toMatch(/(?:src|href)="https?:/);
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['x-frame-options']).toBe('DENY');
    expect(headers['referrer-policy']).toBe('same-origin');
    expect(headers['cache-control']).toContain('no-store');
  }
  expect(nonces.size).toBe(3);
});

test('files keep, and are sent compressed', async ({ page, request, product }) => {
  const files: string[] = [];
  page.on('response', (response) => files.push(response.url()));
  await open(page, '/usage');
  const own = files.filter((url) => url.includes('/pkg/'));
  expect(own.some((url) => url.endsWith('.wasm'))).toBe(true);
  for (const url of own) {
    const answer = await request.get(url, { headers: { 'accept-encoding': 'br' } });
    expect(answer.headers()['cache-control'], url).toContain('immutable');
    expect(answer.headers()['content-encoding'], url).toBe('br');
  }
  expect(files.filter((url) => !url.startsWith(product.url)), 'nothing comes from elsewhere').toEqual([]);
});
