// On a phone: nothing to scroll sideways for, places at the foot, targets that a thumb hits.
import type { Locator, Page } from '@playwright/test';
import { USERS } from '../support/events';
import { en, es, live, open, prefer } from '../support/pages';
import { expect, test } from '../support/test';

test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 });

const ROUTES = ['/usage', '/usage?period=today&tier=prime', '/usage/users', `/usage/users/${USERS.busy}`, `/usage/users/${encodeURIComponent(USERS.long)}`, `/usage/users/${USERS.huge}`, '/account', '/contacts', '/contacts/new', '/leads', '/leads/new', '/tasks', '/tasks/templates', '/import', '/duplicates', '/admin/scorecard', '/companies', '/admin/fields', '/admin/people?invite=1', '/admin/keys', '/admin/limits?edit=pro', '/admin/ingest', '/admin/webhooks', '/admin/sessions', '/admin/settings', '/admin/mail', `/admin/privacy?q=${USERS.busy}`, '/admin/journal'];

/** What reaches beyond the right edge, if anything can be scrolled sideways. */
async function overflow(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const root = document.documentElement;
    if (root.scrollWidth <= root.clientWidth) {
      return [];
    }
    return [...document.querySelectorAll('main *')]
      .filter((e) => e.getBoundingClientRect().right > root.clientWidth + 1)
      .slice(0, 8)
      .map((e) => `${e.tagName.toLowerCase()}.${e.getAttribute('class')} ${Math.round(e.getBoundingClientRect().right)}`)
      .concat(`the page is ${root.scrollWidth} wide`);
  });
}

async function atLeast44(targets: Locator): Promise<void> {
  const found = await targets.all();
  expect(found.length).toBeGreaterThan(0);
  for (const target of found) {
    const box = await target.boundingBox();
    const name = (await target.textContent())?.trim();
    expect(box, name).not.toBeNull();
    expect(Math.min(box!.width, box!.height), `${name}: ${box!.width} x ${box!.height}`).toBeGreaterThanOrEqual(44);
  }
}

for (const lang of ['es', 'en'] as const) {
  for (const route of ROUTES) {
    test(`nothing is wider than the screen: ${decodeURIComponent(route)}, ${lang}`, async ({ page, product }) => {
      await prefer(page, product.url, { lang });
      await open(page, route);
      expect(await overflow(page)).toEqual([]);
      // What is edited within a table stays on the screen, however wide the table is.
      for (const field of await page.locator('.row-open .input').all()) {
        const box = await field.boundingBox();
        expect(box && box.x + box.width, await field.getAttribute('name') ?? '').toBeLessThanOrEqual(390);
      }
      await expect(page.locator('h1')).toBeVisible();
    });
  }
}

test('an address that leads nowhere is no wider than the screen either', async ({ page, watch }) => {
  watch.allow(/404/);
  await open(page, '/no/such/place');
  expect(await overflow(page)).toEqual([]);
});

test('the bar at the foot leads to the places, by thumb', async ({ page }) => {
  await open(page, '/usage');
  const bar = page.getByRole('navigation', { name: en.nav.label_phone });
  await expect(bar).toBeInViewport();
  await expect(page.getByRole('navigation', { name: en.nav.label, exact: true })).toBeHidden();
  await atLeast44(bar.locator('> a, > details > summary'));
  await expect(bar.getByRole('link', { name: en.nav.usage })).toHaveAttribute('aria-current', 'page');
  await bar.getByRole('link', { name: en.nav.contacts }).tap();
  await expect(page).toHaveURL(/\/contacts$/);
  await expect(bar.getByRole('link', { name: en.nav.contacts })).toHaveAttribute('aria-current', 'page');
  await bar.getByText(en.nav.more).tap();
  await bar.getByRole('link', { name: en.nav.users }).tap();
  await expect(page).toHaveURL(/\/usage\/users$/);
  await page.getByRole('link', { name: USERS.approaching }).tap();
  await expect(page).toHaveURL(`/usage/users/${USERS.approaching}`);
  await expect(bar).toBeInViewport();
  await bar.getByRole('link', { name: en.nav.usage }).tap();
  await expect(page).toHaveURL(/\/usage$/);
  await live(page);
});

test('who is signed in, and the way out, lie in a sheet', async ({ page, context, product }) => {
  // Somebody with a session of their own, for it ends here.
  await product.person('pia@test.example', 'Pia Phone', 'viewer');
  await context.addCookies(product.state(await product.signIn('pia@test.example')).cookies);
  await open(page, '/usage');
  const bar = page.getByRole('navigation', { name: en.nav.label_phone });
  await bar.locator('summary').tap();
  const out = bar.getByRole('button', { name: en.nav.sign_out });
  await expect(bar.getByText('Pia Phone')).toBeVisible();
  await atLeast44(out);
  await atLeast44(bar.locator('.me-who'));
  await out.tap();
  await expect(page).toHaveURL(/\/sign-in$/);
});

test('the bar covers nothing at the end of a page', async ({ page }) => {
  for (const route of ['/usage', '/usage/users', `/usage/users/${USERS.busy}`]) {
    await open(page, route);
    await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight));
    const bar = await page.getByRole('navigation', { name: en.nav.label_phone }).boundingBox();
    const last = await page.locator('main').evaluate((main) => {
      const ends = [...main.querySelectorAll('a, button, td, p, li')].filter((e) => e.checkVisibility() && !e.closest('details:not([open])'));
      return Math.max(...ends.map((e) => e.getBoundingClientRect().bottom));
    });
    expect(last, route).toBeLessThanOrEqual(bar!.y + 1);
  }
});

test('language and theme are behind "more"', async ({ page }) => {
  await open(page, '/usage');
  const bar = page.getByRole('navigation', { name: en.nav.label_phone });
  await bar.locator('summary').tap();
  await atLeast44(bar.getByRole('button'));
  await bar.getByRole('button', { name: en.theme.light }).tap();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'light');
  await bar.getByRole('button', { name: 'Español' }).tap();
  await expect(page.locator('html')).toHaveAttribute('lang', 'es');
  await expect(page.locator('h1')).toContainText(es.nav.usage);
});

test('period, filters, legend and search are as large as a thumb', async ({ page }) => {
  await open(page, '/usage');
  const periods = page.getByRole('navigation', { name: en.filter.period });
  await atLeast44(periods.getByRole('link'));
  await atLeast44(page.getByRole('group', { name: en.filter.title }).locator('summary'));
  await atLeast44(page.getByRole('list', { name: en.chart.legend }).getByRole('button'));
  await periods.getByRole('link', { name: en.period.today }).tap();
  await expect(page).toHaveURL(/period=today$/);
  await page.getByRole('group', { name: en.filter.title }).locator('summary', { hasText: en.filter.tier }).tap();
  await atLeast44(page.getByRole('group', { name: en.filter.title }).locator('details[open]').getByRole('link'));
  await page.goto('/usage/users');
  await atLeast44(page.getByRole('searchbox', { name: en.users.search }));
});

test('a touch reads the chart', async ({ page }) => {
  await open(page, '/usage');
  const slider = page.getByRole('slider', { name: en.chart.slider });
  await slider.scrollIntoViewIfNeeded();
  await slider.tap();
  const tip = page.locator('.tooltip');
  await expect(tip).toBeVisible();
  const box = await tip.boundingBox();
  expect(box!.x).toBeGreaterThanOrEqual(0);
  expect(box!.x + box!.width).toBeLessThanOrEqual(390);
});
