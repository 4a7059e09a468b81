// axe finds nothing serious or critical, on any page, in either theme, on a desk or in a hand.
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { USERS } from '../support/events';
import { closed, en, live, office, open, prefer } from '../support/pages';
import { expect, test } from '../support/test';

async function sound(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ['violations'] }).analyze();
  const grave = violations.filter((v) => v.impact === 'serious' || v.impact === 'critical');
  const told = grave.map((v) => `${v.impact} ${v.id}: ${v.help}\n${v.nodes.map((n) => `  ${n.html.slice(0, 200)} ${n.failureSummary?.split('\n')[1] ?? ''}`).slice(0, 5).join('\n')}`);
  expect(told, page.url()).toEqual([]);
}

const SIZES = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };
const ROUTES = [
  '/usage',
  '/usage/users',
  '/usage/users?q=nobody-has-this-name',
  `/usage/users/${USERS.exceeded}`,
  '/no/such/place',
  '/account',
  '/contacts',
  '/contacts/new',
  '/leads',
  '/leads/new',
  '/tasks',
  '/tasks/templates',
  '/import',
  '/duplicates',
  '/admin/scorecard',
  '/companies',
  '/admin/fields',
  '/admin/people?invite=1',
  '/admin/keys',
  '/admin/limits?edit=pro',
  '/admin/ingest',
  '/admin/webhooks',
  '/admin/sessions',
  '/admin/settings',
  '/admin/mail',
  `/admin/privacy?q=${USERS.exceeded}`,
  '/admin/journal',
];

for (const [size, viewport] of Object.entries(SIZES)) {
  for (const theme of ['dark', 'light'] as const) {
    test.describe(`${size}, ${theme}`, () => {
      test.use({ viewport, contextOptions: { reducedMotion: 'reduce' } });
      for (const route of ROUTES) {
        test(route, async ({ page, product, watch }) => {
          watch.allow(/404/);
          await prefer(page, product.url, { theme });
          await open(page, route);
          await sound(page);
        });
      }
    });
  }
}

for (const theme of ['dark', 'light'] as const) {
  test(`the gate, ${theme}`, async ({ browser, product, watch }) => {
    watch.allow(/401/);
    const context = await browser.newContext({ storageState: { cookies: [], origins: [] } });
    const page = await context.newPage();
    await prefer(page, product.url, { theme });
    await page.goto(`${product.url}/sign-in`);
    await sound(page);
    await page.getByLabel(office.gate.email).fill('nobody@test.example');
    await page.getByLabel(office.gate.password).fill('not the password');
    await page.getByRole('button', { name: office.gate.sign_in }).click();
    await expect(page.getByRole('alert')).toContainText(office.gate.refused);
    await sound(page);
    await context.close();
  });

  test(`what lies over a page, ${theme}`, async ({ page, product }) => {
    await prefer(page, product.url, { theme });
    await open(page, '/usage');
    await live(page);
    await page.keyboard.press('Control+k');
    await expect(page.getByRole('dialog', { name: en.palette.open })).toBeVisible();
    await sound(page);
    await page.keyboard.press('Escape');
    await closed(page);
    await page.keyboard.press('?');
    await expect(page.getByRole('dialog', { name: en.help.title })).toBeVisible();
    await sound(page);
    await page.keyboard.press('Escape');
    await page.getByRole('group', { name: en.filter.title }).locator('summary', { hasText: en.filter.agent }).click();
    await sound(page);
    await page.keyboard.press('Escape');
    await page.getByRole('slider', { name: en.chart.slider }).focus();
    await page.keyboard.press('End');
    await expect(page.locator('.tooltip')).toBeVisible();
    await sound(page);
  });
}

test('an empty product and a lost connection', async ({ page, context, fresh, watch }) => {
  watch.allow(/ERR_INTERNET_DISCONNECTED|WebSocket connection/);
  await context.addCookies(fresh.state().cookies);
  await open(page, `${fresh.url}/usage`);
  await live(page);
  await sound(page);
  await open(page, `${fresh.url}/usage/users`);
  await sound(page);
  await open(page, `${fresh.url}/usage`);
  await live(page);
  await context.setOffline(true);
  await expect(page.getByRole('button', { name: en.live.now })).toBeVisible({ timeout: 10_000 });
  await sound(page);
});
