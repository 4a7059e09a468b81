// People: the first set-up, invitations, signing in, sessions, and what must not be possible.
import { createHmac } from 'node:crypto';
import type { Browser, Page } from '@playwright/test';
import { event } from '../support/events';
import { en, fill, hydrated, live, office, oficina, open } from '../support/pages';
import { Product } from '../support/product';
import { expect, onFresh, test } from '../support/test';

/** A page of somebody else's browser. */
async function elsewhere(browser: Browser, options: Parameters<Browser['newContext']>[0] = {}): Promise<Page> {
  const context = await browser.newContext({ storageState: { cookies: [], origins: [] }, ...options });
  return context.newPage();
}

async function signIn(page: Page, product: Product, email: string, password = product.password): Promise<void> {
  await page.goto(`${product.url}/sign-in`);
  await page.getByLabel(office.gate.email).fill(email);
  await page.getByLabel(office.gate.password).fill(password);
  await page.getByRole('button', { name: office.gate.sign_in }).click();
}

/** The latest link to a page of the gate that has left by mail, as the page of mails shows it in development. */
async function mailed(page: Page, product: Product, place: string): Promise<string> {
  const link = new RegExp(`${product.url}${place}\\?token=[A-Za-z0-9_-]+`);
  const look = async () => link.exec(await (await page.request.get(`${product.url}/admin/mail`)).text())?.[0] ?? '';
  await expect.poll(look, { timeout: 10_000 }).not.toBe('');
  return look();
}

/** The code that an app shows now (RFC 6238), some steps of 30 seconds further on. */
function code(seed: string, steps = 0): string {
  const bits = [...seed].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const hash = createHmac('sha1', key).update(counter).digest();
  const at = (hash[19] ?? 0) & 15;
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

for (const javaScriptEnabled of [true, false]) {
  test(`the first admin is made by the link that serve prints${javaScriptEnabled ? '' : ', without JavaScript'}`, async ({ browser }) => {
    const product = await Product.start(false);
    try {
      const page = await elsewhere(browser, { javaScriptEnabled, locale: 'es-CO' });
      await page.goto(`${product.url}/usage`);
      await expect(page).toHaveURL(/\/sign-in\?next=%2Fusage/);
      await expect(page.getByRole('heading', { name: oficina.gate.sign_in })).toBeVisible();
      const link = /http:\/\/\S+\/set-up\?token=\S+/.exec(product.log)?.[0] ?? '';
      await page.goto(link);
      await page.getByLabel(oficina.gate.name).fill('Ana Peña');
      await page.getByLabel(oficina.gate.email).fill('ana@ngx.com');
      await page.getByLabel(oficina.gate.new_password).fill('ana@ngx.com peña');
      await page.getByRole('button', { name: oficina.gate.set_up_go }).click();
      await expect(page.getByText(oficina.fault.known_password)).toBeVisible();
      await expect(page.getByLabel(oficina.gate.name), 'what was typed stays').toHaveValue('Ana Peña');
      await page.getByLabel(oficina.gate.new_password).fill('una lluvia sin paraguas');
      await page.getByRole('button', { name: oficina.gate.set_up_go }).click();
      await expect(page).toHaveURL(/\/usage$/);
      await expect(page.getByText('Ana Peña').first()).toBeVisible();
      await page.goto(link);
      await expect(page.getByRole('heading', { name: oficina.gate.gone })).toBeVisible();
      await page.context().close();
    } finally {
      await product.stop();
    }
  });
}

test.describe('on a product of their own', () => {
  test.use(onFresh);

  test('somebody is invited, comes in, and may what the role says', async ({ page, browser, fresh, watch }) => {
    watch.allow(/403|422/);
    await open(page, '/admin/people');
    await page.getByRole('link', { name: office.people.invite }).click();
    const form = page.getByRole('region', { name: office.people.invite_title });
    await form.getByLabel(office.gate.email).fill('not-an-address@x');
    await form.getByLabel(office.people.name).fill('Bea <b>Sosa</b>');
    await form.getByLabel(office.people.role).selectOption('viewer');
    await form.getByRole('button', { name: office.people.invite }).click();
    await expect(form.getByText(office.fault.email)).toBeVisible();
    await expect(form.getByLabel(office.people.name)).toHaveValue('Bea <b>Sosa</b>');
    await form.getByLabel(office.gate.email).fill('bea@ngx.com');
    await form.getByRole('button', { name: office.people.invite }).click();
    await expect(page.getByRole('status')).toContainText(fill(office.people.mailed, 'bea@ngx.com'));
    const link = await mailed(page, fresh, '/invitation');
    await expect(page.getByRole('row').filter({ hasText: 'Bea <b>Sosa</b>' })).toContainText(office.status.invited);

    const bea = await elsewhere(browser);
    await bea.goto(link);
    await bea.getByLabel(office.gate.new_password).fill(fresh.password);
    await bea.getByRole('button', { name: office.gate.invitation_go }).click();
    await hydrated(bea);
    await expect(bea.getByRole('link', { name: en.nav.office })).toHaveCount(0);
    await bea.goto(`${fresh.url}/admin/people`);
    await expect(bea.locator('body')).not.toContainText('admin@test.example');
    await bea.context().close();
  });

  test('a wrong password is refused, and the right one leads where one wanted to go', async ({ browser, fresh, watch }) => {
    watch.allow(/401/);
    const page = await elsewhere(browser);
    await page.goto(`${fresh.url}/usage/users?sort=name`);
    await page.getByLabel(office.gate.email).fill('admin@test.example');
    await page.getByLabel(office.gate.password).fill('not the password at all');
    await page.getByLabel(office.gate.password).press('Enter');
    await expect(page.getByRole('alert')).toContainText(office.gate.refused);
    await expect(page.getByLabel(office.gate.email)).toHaveValue('admin@test.example');
    await expect(page.getByLabel(office.gate.password)).toHaveValue('');
    await page.getByLabel(office.gate.password).fill(fresh.password);
    await page.getByLabel(office.gate.password).press('Enter');
    await expect(page).toHaveURL(`${fresh.url}/usage/users?sort=name`);
    await page.context().close();
  });

  test('a forgotten password is chosen anew by the link that a mail brings', async ({ page, browser, fresh, watch }) => {
    watch.allow(/401/);
    await fresh.person('dora@ngx.com', 'Dora', 'sales');
    const dora = await elsewhere(browser, { locale: 'es-CO' });
    await dora.goto(`${fresh.url}/sign-in`);
    await dora.getByRole('link', { name: oficina.gate.forgotten }).click();
    for (const address of ['nobody@ngx.com', 'dora@ngx.com']) {
      await dora.goto(`${fresh.url}/forgotten`);
      await dora.getByLabel(oficina.gate.email).fill(address);
      await dora.getByRole('button', { name: oficina.gate.forgotten_go }).click();
      await expect(dora.getByText(oficina.gate.forgotten_sent), 'the same for everybody').toBeVisible();
    }
    await dora.goto(await mailed(page, fresh, '/reset'));
    await dora.getByLabel(oficina.gate.new_password).fill('otra frase muy larga');
    await dora.getByRole('button', { name: oficina.gate.reset_go }).click();
    await expect(dora).toHaveURL(`${fresh.url}/usage`);
    await open(page, '/admin/mail');
    await expect(page.getByRole('main')).not.toContainText('nobody@ngx.com');
    await dora.context().close();
  });

  test('a session that is ended elsewhere ends at once, and the page goes to sign in', async ({ page, browser, fresh }) => {
    await fresh.post();
    const other = await elsewhere(browser);
    await signIn(other, fresh, 'admin@test.example');
    await open(other, `${fresh.url}/usage?period=7d`);
    await live(other);
    await open(page, '/account');
    await page.getByRole('button', { name: office.account.end_others }).click();
    await expect(page.getByRole('status')).toContainText(office.account.ended_others);
    await expect(other).toHaveURL(`${fresh.url}/sign-in?next=%2Fusage%3Fperiod%3D7d`, { timeout: 10_000 });
    await other.context().close();
  });

  test('a password is changed, and the old one does not work any more', async ({ browser, fresh, watch }) => {
    watch.allow(/401|422/);
    await fresh.person('carla@ngx.com', 'Carla', 'sales');
    const page = await elsewhere(browser);
    await signIn(page, fresh, 'carla@ngx.com');
    await open(page, `${fresh.url}/account`);
    const form = page.getByRole('region', { name: office.account.password, exact: true });
    await form.getByLabel(office.account.current).fill('this is not it at all');
    await page.getByLabel(office.gate.new_password).fill('otra frase muy larga');
    await page.getByRole('button', { name: office.account.change }).click();
    await expect(page.getByText(office.fault.wrong)).toBeVisible();
    await form.getByLabel(office.account.current).fill(fresh.password);
    await page.getByLabel(office.gate.new_password).fill('otra frase muy larga');
    await page.getByRole('button', { name: office.account.change }).click();
    await expect(page.getByRole('status')).toContainText(office.account.changed);
    await page.locator('main').getByRole('button', { name: office.account.sign_out }).click();
    await signIn(page, fresh, 'carla@ngx.com');
    await expect(page.getByRole('alert')).toContainText(office.gate.refused);
    await signIn(page, fresh, 'carla@ngx.com', 'otra frase muy larga');
    await expect(page).toHaveURL(/\/usage$/);
    await page.context().close();
  });

  test('somebody sets up a second factor and signs in with it, and with a recovery code', async ({ browser, fresh, watch }) => {
    watch.allow(/401|422/);
    await fresh.person('dora@ngx.com', 'Dora', 'sales');
    const page = await elsewhere(browser);
    await signIn(page, fresh, 'dora@ngx.com');
    await open(page, `${fresh.url}/account`);
    const factor = page.getByRole('region', { name: office.account.factor });
    await factor.getByLabel(office.account.current).fill(fresh.password);
    await factor.getByRole('button', { name: office.account.set_up }).click();
    await expect(factor.getByAltText(office.account.qr)).toBeVisible();
    const seed = (await factor.locator('.seed').textContent()) ?? '';
    await factor.getByLabel(office.account.code).fill(code(seed));
    await factor.getByRole('button', { name: office.account.turn_on }).click();
    await expect(page.getByRole('status')).toContainText(office.account.factor_on);
    const recovery = ((await factor.locator('pre').textContent()) ?? '').trim().split('\n');
    expect(recovery).toHaveLength(10);
    const signOut = () => page.locator('main').getByRole('button', { name: office.account.sign_out }).click();
    await signOut();
    await signIn(page, fresh, 'dora@ngx.com');
    await page.getByLabel(office.gate.code).fill('000000');
    await page.getByRole('button', { name: office.gate.sign_in }).click();
    await expect(page.getByRole('alert')).toContainText(office.gate.code_refused);
    // The code of now was used to set it up: the next one is good already, for clocks differ.
    await page.getByLabel(office.gate.code).fill(code(seed, 1));
    await page.getByRole('button', { name: office.gate.sign_in }).click();
    await expect(page).toHaveURL(/\/usage$/);
    await open(page, `${fresh.url}/account`);
    await signOut();
    await signIn(page, fresh, 'dora@ngx.com');
    await page.getByLabel(office.gate.code).fill(recovery[0] ?? '');
    await page.getByRole('button', { name: office.gate.sign_in }).click();
    await expect(page).toHaveURL(/\/usage$/);
    await page.context().close();
  });

  test('a changed tier limit is seen beforehand, and an open dashboard follows', async ({ page, browser, fresh }) => {
    await fresh.post(event({ user_id: 'laura', subscription_tier: 'essential', tokens_used: 45_000 }));
    const other = await elsewhere(browser, { storageState: fresh.state() });
    await open(other, `${fresh.url}/usage`);
    await live(other);
    const nearest = other.getByRole('region', { name: new RegExp(`^${en.nearest.title}`) }).getByRole('row').filter({ hasText: 'laura' });
    await expect(nearest).toContainText('90%');
    await open(page, '/admin/limits');
    await page.getByRole('link', { name: fill(office.people.edit_label, 'Essential') }).click();
    await page.getByLabel(office.limits.tokens).fill('45,000');
    await page.getByRole('button', { name: office.limits.preview }).click();
    const preview = page.getByRole('region', { name: office.limits.would });
    await expect(preview.getByRole('row').filter({ hasText: 'laura' })).toContainText('100%');
    await page.getByRole('button', { name: office.people.save }).click();
    await expect(page.getByRole('status')).toContainText(office.limits.saved);
    await expect(nearest).toContainText('100%');
    await other.context().close();
  });

  test('an item in quarantine is mended and replayed', async ({ page, fresh, watch }) => {
    watch.allow(/422/);
    await fresh.post(event({ user_id: 'laura' }));
    await expect(fresh.post(event({ user_id: 'mateo', tokens_used: -7 }))).rejects.toThrow(/422/);
    await open(page, '/admin/ingest');
    const item = page.getByRole('listitem').filter({ hasText: '/tokens_used' }).last();
    const text = page.getByRole('textbox', { name: /^Item/ });
    // The one beside the item, not the one for those that are ticked.
    const replay = page.locator('form').filter({ has: page.getByRole('textbox', { name: /^Item/ }) }).getByRole('button', { name: office.ingest.replay });
    await text.fill((await text.inputValue()).replace('-7', '"7"'));
    await replay.click();
    await expect(page.locator('.field-fault')).toBeVisible();
    await expect(item).toBeVisible();
    await text.fill((await text.inputValue()).replace('"7"', '7'));
    await replay.click();
    await expect(page.getByRole('status')).toContainText(office.ingest.stored);
    await expect(page.getByText(office.ingest.none)).toBeVisible();
    await open(page, '/usage/users/mateo');
    await expect(page.getByRole('heading', { name: 'mateo' })).toBeVisible();
  });

  test('a key is made, works, and is revoked', async ({ page, fresh }) => {
    await open(page, '/admin/keys');
    await page.getByLabel(office.keys.name).fill('Grafana');
    await page.getByRole('button', { name: office.keys.make }).click();
    const key = await page.getByLabel(office.keys.key, { exact: true }).inputValue();
    const ask = async () => (await fetch(`${fresh.url}/agent-usage/analytics/summary`, { headers: { authorization: `Bearer ${key}` } })).status;
    expect(await ask()).toBe(200);
    await page.getByRole('button', { name: fill(office.keys.revoke_label, 'Grafana') }).click();
    await expect(page.getByRole('status')).toContainText(office.keys.revoked);
    expect(await ask()).toBe(401);
    await open(page, '/admin/journal');
    await expect(page.getByRole('row').filter({ hasText: office.journal.e_key_revoked })).toContainText('Ana Admin');
  });

  test('what somebody is called runs nothing anywhere', async ({ page, browser, fresh }) => {
    const name = '"><img src=x onerror="window.owned=1"><script>window.owned=1</script>';
    await fresh.person('eve@ngx.com', name, 'admin');
    const eve = await elsewhere(browser);
    await signIn(eve, fresh, 'eve@ngx.com');
    // Every other field of text that somebody fills in and others see.
    const send = (place: string, form: Record<string, string>) =>
      eve.request.post(fresh.url + place, { form, headers: { origin: fresh.url } });
    for (const [place, form] of [
      ['/admin/webhooks', { do: 'make', name, kind: 'live' }],
      ['/admin/keys', { do: 'make', name, scopes: 'usage:read' }],
      ['/admin/people', { do: 'team', name }],
      ['/admin/settings', { do: 'settings', version: '1', name }],
      ['/admin/privacy', { do: 'erase', kind: 'metered', id: 'gone', confirm: 'gone', reason: name }],
    ] as [string, Record<string, string>][]) {
      expect((await send(place, form)).status(), place).toBe(200);
    }
    const places = ['webhooks', 'keys', 'people', 'settings', 'privacy', 'sessions', 'mail', 'journal'].map((place) => `/admin/${place}`);
    for (const place of ['/usage', '/account', '/sign-in', ...places, `/admin/people?q=${encodeURIComponent(name)}`]) {
      await (place === '/sign-in' ? eve.goto(fresh.url + place) : open(eve, fresh.url + place));
      expect(await eve.evaluate(() => 'owned' in window), place).toBe(false);
    }
    await open(page, '/admin/people');
    await expect(page.getByText(name)).toBeVisible();
    await eve.context().close();
  });
});
