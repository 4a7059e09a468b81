// Every page is of use before, and without, any script.
import { FILLERS, totals, USERS, within } from '../support/events';
import { agentFigures, agentRow, choose, en, es, figures, fill, integer, parse } from '../support/pages';
import { expect, test } from '../support/test';

test.use({ javaScriptEnabled: false });
// Where scripts may not run, the browser itself refuses to fetch them ahead.
test.beforeEach(({ watch }) => watch.allow(/\.js: csp$/));

test('the dashboard shows the sums of what was posted', async ({ page, product }) => {
  await page.goto('/usage');
  await expect(page.locator('html')).toHaveAttribute('lang', 'en');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(new RegExp(en.usage.title));
  expect(await figures(page)).toEqual(totals(product.events, within(30)));
  const nexus = totals(product.events, (e) => within(30)(e) && e.agent_id === 'NEXUS');
  const row = await agentFigures(agentRow(page, 'NEXUS'));
  expect(row).toEqual({ interactions: nexus.interactions, tokens: nexus.tokens });
  await expect(page.getByRole('region', { name: en.activity.title, exact: true }).getByRole('row')).toHaveCount(13);
});

test('periods, tiers and agents are links', async ({ page, product }) => {
  await page.goto('/usage');
  const periods = page.getByRole('navigation', { name: en.filter.period });
  await periods.getByRole('link', { name: en.period.days7 }).click();
  await expect(page).toHaveURL(/\/usage\?period=7d$/);
  await expect(periods.getByRole('link', { name: en.period.days7 })).toHaveAttribute('aria-current', 'true');
  expect(await figures(page)).toEqual(totals(product.events, within(7)));
  await choose(page, en.filter.tier, 'Essential');
  await expect(page).toHaveURL(/\/usage\?period=7d&tier=essential$/);
  expect(await figures(page)).toEqual(totals(product.events, (e) => within(7)(e) && e.subscription_tier === 'essential'));
  await choose(page, en.filter.agent, 'BLAZE');
  await expect(page).toHaveURL(/period=7d&tier=essential&agent=BLAZE$/);
  expect(await figures(page)).toEqual(
    totals(product.events, (e) => within(7)(e) && e.subscription_tier === 'essential' && e.agent_id === 'BLAZE'),
  );
});

test('dates of one’s own are a form', async ({ page, product }) => {
  const day = (ago: number) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);
  const [from, to] = [day(12), day(3)];
  await page.goto('/usage?tier=prime');
  const menu = page.locator('details').filter({ has: page.locator('summary', { hasText: en.period.custom }) });
  await menu.locator('summary').click();
  await menu.getByLabel(en.filter.since).fill(from);
  await menu.getByLabel(en.filter.until).fill(to);
  await menu.getByRole('button', { name: en.filter.apply }).click();
  await expect(page).toHaveURL((url) => url.searchParams.get('from') === from && url.searchParams.get('to') === to);
  const expected = totals(product.events, (e) => {
    const date = e.timestamp.slice(0, 10);
    return e.subscription_tier === 'prime' && date >= from && date <= to;
  });
  expect(await figures(page)).toEqual(expected);
});

test('the list of users can be searched, narrowed, sorted and turned', async ({ page, product }) => {
  await page.goto('/usage/users');
  const all = new Set(product.events.map((e) => e.user_id)).size;
  const rows = page.getByRole('table').getByRole('row');
  await expect(page.getByText(fill(en.users.shown, 50, all))).toBeVisible();
  await expect(rows).toHaveCount(51);
  const first = await rows.nth(1).getByRole('link').getAttribute('title');
  expect(first).toBe(USERS.huge);

  await page.getByRole('link', { name: en.users.next }).click();
  await expect(page).toHaveURL(/after=/);
  await expect(rows).toHaveCount(all - 50 + 1);
  await page.getByRole('link', { name: en.users.first, exact: true }).click();
  await expect(rows).toHaveCount(51);

  await page.getByRole('columnheader').getByRole('link', { name: en.users.user }).click();
  await expect(page).toHaveURL(/sort=name$/);
  await expect(page.getByRole('columnheader', { name: en.users.user })).toHaveAttribute('aria-sort', 'ascending');
  const names = await page.getByRole('rowheader').getByRole('link').evaluateAll((links) => links.map((a) => a.getAttribute('title')));
  const fillers = names.filter((name) => name?.startsWith('cliente-'));
  expect(fillers[0]).toBe('cliente-001');
  expect(fillers).toEqual([...fillers].sort());

  const search = page.getByRole('searchbox', { name: en.users.search });
  await search.fill('CLIENTE-0');
  await search.press('Enter');
  await expect(page).toHaveURL(/q=CLIENTE-0&sort=name$/);
  await expect(page.getByText(fill(en.users.shown, 50, FILLERS))).toBeVisible();
  await choose(page, en.filter.tier, 'Longevity');
  await expect(rows).toHaveCount(FILLERS / 5 + 1);

  await page.goto('/usage/users');
  await page.getByRole('link', { name: en.users.near }).click();
  await expect(page).toHaveURL(/near=1$/);
  const near = await page.getByRole('rowheader').getByRole('link').evaluateAll((links) => links.map((a) => a.getAttribute('title')));
  expect(near).toEqual(expect.arrayContaining([USERS.huge, USERS.exceeded, USERS.approaching]));

  await search.fill('nobody-has-this-name');
  await search.press('Enter');
  await expect(page.getByText(en.users.none, { exact: true })).toBeVisible();
  await page.getByRole('link', { name: en.users.clear }).click();
  await expect(page).toHaveURL(/\/usage\/users$/);
});

test('a user’s page is there, and older events a page further', async ({ page, product }) => {
  await page.goto('/usage/users?q=camila');
  await page.getByRole('link', { name: USERS.busy }).click();
  await expect(page).toHaveURL(`/usage/users/${USERS.busy}`);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(USERS.busy);
  const month = new Date().toISOString().slice(0, 7);
  const used = totals(product.events, (e) => e.user_id === USERS.busy && e.timestamp.startsWith(month)).tokens;
  await expect(page.getByRole('region', { name: /^Tokens of/ }).locator('dd').first()).toHaveText(integer(used));
  const table = page.getByRole('region', { name: en.user.events }).getByRole('table');
  await expect(table.getByRole('row')).toHaveCount(51);
  const mine = product.events.filter((e) => e.user_id === USERS.busy).length;
  let seen = 50;
  while (seen < mine) {
    await page.getByRole('link', { name: en.user.more }).click();
    await expect(page).toHaveURL(/after=/);
    const rows = Math.min(50, mine - seen);
    await expect(table.getByRole('row')).toHaveCount(rows + 1);
    seen += rows;
  }
  await expect(page.getByRole('link', { name: en.user.more })).toHaveCount(0);
  await page.getByRole('link', { name: en.user.newest }).click();
  await expect(table.getByRole('row')).toHaveCount(51);
});

test('language and theme are forms', async ({ page }) => {
  await page.goto('/usage?period=7d&tier=pro');
  await page.getByRole('button', { name: 'Español' }).first().click();
  await expect(page).toHaveURL(/\/usage\?period=7d&tier=pro$/);
  await expect(page.locator('html')).toHaveAttribute('lang', 'es');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(new RegExp(es.usage.title));
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  const dark = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  await page.getByRole('button', { name: es.theme.light }).first().click();
  await expect(page).toHaveURL(/\/usage\?period=7d&tier=pro$/);
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'light');
  expect(await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)).not.toBe(dark);
  await page.goto('/usage/users');
  await expect(page.locator('html')).toHaveAttribute('lang', 'es');
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'light');
});

test('what is not there answers 404, with a page', async ({ page, watch }) => {
  watch.allow(/404/);
  for (const address of ['/usage/users/nobody-has-this-name', '/no/such/place']) {
    const answer = await page.goto(address);
    expect(answer?.status(), address).toBe(404);
    await expect(page.getByRole('link', { name: en.nav.users }).first()).toBeVisible();
  }
  await expect(page.getByText(en.not_found.head)).toBeVisible();
  await page.goto('/usage/users/nobody-has-this-name');
  await expect(page.getByText(en.error.not_found, { exact: true })).toBeVisible();
});

test('the front door leads to the dashboard', async ({ page }) => {
  await page.goto('/');
  await expect(page).toHaveURL(/\/usage$/);
  const shown = await page.getByRole('region', { name: en.limits.title }).getByRole('listitem').allTextContents();
  expect(shown).toHaveLength(5);
  expect(shown.map((text) => parse(text)).every((n) => n >= 0)).toBe(true);
});
