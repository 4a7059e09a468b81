// Each page wakes up without a word of complaint, in both languages and themes.
import { USERS } from '../support/events';
import { hydrated, type Lang, live, open, prefer, TEXTS, type Theme } from '../support/pages';
import { expect, test } from '../support/test';

const LOCALES = { en: 'en-US', es: 'es-CO' } as const;

for (const lang of ['es', 'en'] as const satisfies Lang[]) {
  test.describe(`in a browser that asks for ${LOCALES[lang]}`, () => {
    test.use({ locale: LOCALES[lang] });
    const text = TEXTS[lang];
    const routes = [
      { name: 'the dashboard', address: '/usage', heading: text.usage.title, title: text.usage.title },
      { name: 'the dashboard of a day', address: '/usage?period=today', heading: text.usage.title, title: text.usage.title },
      { name: 'the list of users', address: '/usage/users', heading: text.users.title, title: text.users.title },
      { name: 'a user', address: `/usage/users/${USERS.busy}`, heading: USERS.busy, title: USERS.busy },
      { name: 'a user with a long id', address: `/usage/users/${encodeURIComponent(USERS.long)}`, heading: USERS.long, title: USERS.long },
    ];
    for (const theme of ['dark', 'light'] as const satisfies Theme[]) {
      for (const route of routes) {
        test(`${route.name}, ${theme}`, async ({ page, product }) => {
          await prefer(page, product.url, { theme });
          await page.goto(route.address);
          const before = await page.locator('h1').textContent();
          await hydrated(page);
          await expect(page.locator('html')).toHaveAttribute('lang', lang);
          await expect(page.locator('html')).toHaveAttribute('data-theme', theme);
          await expect(page).toHaveTitle(`${route.title} · NexusCRM`);
          expect(before).toContain(route.heading);
          await expect(page.locator('h1')).toContainText(route.heading);
          await expect(page.getByRole('navigation', { name: text.nav.label, exact: true })).toBeVisible();
          if (route.address !== '/usage/users') {
            await live(page);
          }
        });
      }
    }

    test('an address that leads nowhere', async ({ page, watch }) => {
      watch.allow(/404/);
      await page.goto('/no/such/place');
      await hydrated(page);
      await expect(page.getByText(text.not_found.head)).toBeVisible();
      await page.getByRole('link', { name: text.not_found.action }).click();
      await expect(page).toHaveURL(/\/usage$/);
      await live(page);
    });
  });
}

test('without a choice, the page is dark, and another theme takes effect at once and stays', async ({ page }) => {
  await open(page, '/usage');
  const root = page.locator('html');
  await expect(root).toHaveAttribute('data-theme', 'dark');
  const colour = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const dark = await colour();
  await page.getByRole('button', { name: TEXTS.en.theme.light }).first().click();
  await expect(root).toHaveAttribute('data-theme', 'light');
  expect(await colour()).not.toBe(dark);
  await page.reload();
  await hydrated(page);
  await expect(root).toHaveAttribute('data-theme', 'light');
  // "As the system" follows the system, also when it changes.
  await page.getByRole('button', { name: TEXTS.en.theme.system }).first().click();
  await page.emulateMedia({ colorScheme: 'dark' });
  expect(await colour()).toBe(dark);
  await page.emulateMedia({ colorScheme: 'light' });
  expect(await colour()).not.toBe(dark);
});

test('another language is loaded, and stays', async ({ page }) => {
  await open(page, '/usage/users?sort=name');
  await page.getByRole('button', { name: 'Español' }).first().click();
  await expect(page.locator('html')).toHaveAttribute('lang', 'es');
  await expect(page).toHaveURL(/\/usage\/users\?sort=name$/);
  await hydrated(page);
  await expect(page.locator('h1')).toHaveText(TEXTS.es.users.title);
  await page.goto('/usage');
  await expect(page.locator('h1')).toContainText(TEXTS.es.usage.title);
});

test('times are those of the reader’s zone', async ({ page }) => {
  await open(page, '/usage');
  const time = page.locator('main time').first();
  // 'America/Bogota' is five hours behind UTC, the whole year.
  await expect(time).toHaveAttribute('title', /\(Bogota\)$/);
  const [stamp, shown] = [await time.getAttribute('datetime'), await time.getAttribute('title')];
  const local = new Date(Date.parse(stamp ?? '') - 5 * 3_600_000).toISOString().slice(11, 19);
  expect(shown).toContain(local);
});
