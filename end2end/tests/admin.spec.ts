// The administration: secrets, quarantine in bulk, sessions, keys, settings, privacy; each as an admin works with it.
import { createHmac, randomUUID } from 'node:crypto';
import type { Page } from '@playwright/test';
import { event } from '../support/events';
import { fill, office, oficina, open } from '../support/pages';
import type { Product } from '../support/product';
import { expect, onFresh, test } from '../support/test';

/** Sends an event signed by Standard Webhooks; gives the answer's status. */
async function send(product: Product, secret: string, user: string): Promise<number> {
  const body = JSON.stringify(event({ user_id: user, event_id: randomUUID() }));
  const [id, time] = [randomUUID(), Math.floor(Date.now() / 1_000)];
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const signature = `v1,${createHmac('sha256', key).update(`${id}.${time}.${body}`).digest('base64')}`;
  const headers = { 'content-type': 'application/json', 'webhook-id': id, 'webhook-timestamp': String(time), 'webhook-signature': signature };
  return (await fetch(`${product.url}/agent-usage/events`, { method: 'POST', headers, body })).status;
}

async function makeSecret(page: Page, name: string, grace: string): Promise<string> {
  await open(page, '/admin/webhooks');
  const form = page.getByRole('region', { name: office.webhooks.new });
  await form.getByLabel(office.webhooks.name, { exact: true }).fill(name);
  await form.getByLabel(office.webhooks.grace).selectOption(grace);
  await form.getByRole('button', { name: office.webhooks.make }).click();
  await expect(page.getByRole('status')).toContainText(name);
  return page.getByLabel(office.webhooks.secret, { exact: true }).inputValue();
}

test.describe('on a product of their own', () => {
  test.use(onFresh);

  test('a webhook secret is rotated while events flow, and none is lost', async ({ page, fresh }) => {
    let secret = await makeSecret(page, 'GENESIS 2025', '');
    let flows = true;
    const answers: number[] = [];
    const flow = (async () => {
      while (flows) {
        answers.push(await send(fresh, secret, 'laura'));
      }
    })();
    const next = await makeSecret(page, 'GENESIS 2026', '1');
    const before = answers.length;
    await expect.poll(() => answers.length, { message: 'the old one goes on' }).toBeGreaterThan(before + 5);
    secret = next;
    const after = answers.length;
    await expect.poll(() => answers.length).toBeGreaterThan(after + 5);
    flows = false;
    await flow;
    expect(new Set(answers)).toEqual(new Set([200]));
    await page.getByRole('button', { name: fill(office.webhooks.end_label, 'GENESIS 2025') }).click();
    await expect(page.getByRole('status')).toContainText(office.webhooks.ended);
    await open(page, '/usage/users/laura');
    await expect(page.getByRole('main')).toContainText(String(answers.length));
  });

  test('the debugger says what is wrong with a signature, in Spanish too', async ({ page, fresh }) => {
    const secret = await makeSecret(page, 'To be debugged', '');
    const time = Math.floor(Date.now() / 1_000) - 3_600;
    const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
    const body = '{\n  "user_id": "ana"\n}';
    const signature = createHmac('sha256', key).update(`m1.${time}.${body}`).digest('base64');
    const look = async (texts: typeof office, body: string) => {
      await page.getByLabel(texts.webhooks.headers).fill(`webhook-id: m1\nwebhook-timestamp: ${time}\nwebhook-signature: v1,${signature}`);
      await page.getByLabel(texts.webhooks.body, { exact: true }).fill(body);
      await page.getByRole('button', { name: texts.webhooks.look }).click();
    };
    await look(office, body);
    const found = page.locator('.findings');
    await expect(found).toContainText('60 min');
    await expect(found).toContainText(fill(office.webhooks.f_signed, 'To be debugged'));
    await look(office, `${body} `);
    await expect(found).toContainText(office.webhooks.f_no_match);
    await page.request.post(`${fresh.url}/preferences`, { form: { lang: 'es' }, headers: { origin: fresh.url } });
    await open(page, '/admin/webhooks');
    await look(oficina, body);
    await expect(found).toContainText(fill(oficina.webhooks.f_signed, 'To be debugged'));
  });

  test('items in quarantine are discarded together', async ({ page, fresh, watch }) => {
    watch.allow(/422/);
    for (const user of ['mateo', 'marta', 'mia']) {
      await expect(fresh.post(event({ user_id: user, tokens_used: -7 }))).rejects.toThrow(/422/);
    }
    await open(page, '/admin/ingest?q=ma');
    await page.getByText(fill(office.ingest.together, 2)).click();
    await page.getByRole('button', { name: office.ingest.discard_all }).click();
    await expect(page.getByRole('status')).toContainText(fill(office.ingest.all_discarded, 2));
    await expect(page.getByRole('textbox', { name: /^Item/ })).toHaveCount(1);
  });

  test('a key is rotated: both work for the overlap', async ({ page, fresh }) => {
    await open(page, '/admin/keys');
    await page.getByLabel(office.keys.name).fill('Grafana');
    await page.getByRole('button', { name: office.keys.make }).click();
    const old = await page.getByLabel(office.keys.key, { exact: true }).inputValue();
    await page.getByRole('link', { name: fill(office.keys.rotate_label, 'Grafana') }).click();
    await page.getByRole('button', { name: office.keys.rotate_do }).click();
    await expect(page.getByRole('status')).toContainText(fill(office.keys.rotated, 'Grafana'));
    const next = await page.getByLabel(office.keys.key, { exact: true }).inputValue();
    expect(next).not.toBe(old);
    for (const key of [old, next]) {
      const answer = await fetch(`${fresh.url}/agent-usage/analytics/summary`, { headers: { authorization: `Bearer ${key}` } });
      expect(answer.status).toBe(200);
    }
  });

  test('what is settled holds for everybody, and one\'s own profile for oneself', async ({ page, browser, fresh, watch }) => {
    watch.allow(/422/);
    await open(page, '/admin/settings');
    await page.getByLabel(office.workspace.name).fill('NGX Colombia');
    await page.getByLabel(office.workspace.journal).fill('30');
    await page.getByRole('button', { name: office.account.save }).click();
    await expect(page.getByText(office.fault.journal_days)).toBeVisible();
    await page.getByLabel(office.workspace.journal).fill('365');
    await page.getByRole('button', { name: office.account.save }).click();
    await expect(page.getByRole('status')).toContainText(office.workspace.saved);
    const context = await browser.newContext({ storageState: { cookies: [], origins: [] } });
    const gate = await context.newPage();
    await expect.poll(async () => (await gate.request.get(`${fresh.url}/sign-in`)).text()).toContain('NGX Colombia');
    await context.close();
    await open(page, '/account');
    const profile = page.getByRole('region', { name: office.account.profile });
    await profile.getByLabel(office.gate.name).fill('Ana María Peña');
    await profile.getByLabel(office.account.language).selectOption('es');
    await profile.getByLabel(office.account.zone).selectOption('Asia/Tokyo');
    await profile.getByRole('button', { name: office.account.save }).click();
    await expect(page.getByRole('status')).toContainText(oficina.account.profile_saved);
    await expect(page.getByRole('link', { name: 'Ana María Peña' })).toBeVisible();
    await page.goto(`${fresh.url}/usage`);
    await expect(page.locator('html')).toHaveAttribute('lang', 'es');
  });

  test('somebody of GENESIS is erased, and does not come back', async ({ page, fresh, watch }) => {
    watch.allow(/422/);
    await fresh.post(event({ user_id: 'olvido', tokens_used: 4_321 }), event({ user_id: 'queda', tokens_used: 100 }));
    await open(page, '/admin/privacy?q=olvido');
    const file = page.waitForEvent('download');
    await page.getByRole('link', { name: office.privacy.export }).click();
    expect((await file).suggestedFilename()).toMatch(/\.zip$/);
    await page.getByLabel(fill(office.privacy.confirm, 'olvido')).fill('someone else');
    await page.getByLabel(office.privacy.reason).fill('Asked by letter');
    await page.getByRole('button', { name: office.privacy.erase, exact: true }).click();
    await expect(page.locator('.field-fault')).toBeVisible();
    await page.getByLabel(fill(office.privacy.confirm, 'olvido')).fill('olvido');
    await page.getByRole('button', { name: office.privacy.erase, exact: true }).click();
    await expect(page.getByRole('status').first()).toBeVisible();
    await fresh.post(event({ user_id: 'olvido' }));
    await open(page, '/usage/users?q=olvido');
    await expect(page.getByRole('main')).not.toContainText('4,321');
    await expect(page.getByRole('row').filter({ hasText: 'olvido' })).toHaveCount(0);
  });
});
