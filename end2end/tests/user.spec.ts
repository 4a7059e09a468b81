// One user's page: how the user stands, what was used, what was raised.
import { event, TOKENS, totals, UNKNOWN_AGENT, USERS } from '../support/events';
import { en, fill, integer, live, mark, open } from '../support/pages';
import { expect, test } from '../support/test';

const MONTH = /^Tokens of/;

test('meters, agents and alerts agree with what was posted', async ({ page, product }) => {
  await open(page, `/usage/users/${USERS.exceeded}`);
  const mine = product.events.filter((e) => e.user_id === USERS.exceeded);
  const month = new Date().toISOString().slice(0, 7);
  const used = totals(mine, (e) => e.timestamp.startsWith(month)).tokens;
  const meter = page.getByRole('region', { name: MONTH });
  await expect(meter.getByText('97%', { exact: true })).toBeVisible();
  const facts = meter.locator('dl > div');
  await expect(facts.filter({ hasText: en.user.used }).locator('dd')).toHaveText(integer(used));
  await expect(facts.filter({ has: page.locator('dt', { hasText: new RegExp(`^${en.user.limit}$`) }) }).locator('dd')).toHaveText(integer(TOKENS.essential));
  await expect(meter.getByRole('img')).toHaveAttribute('aria-label', new RegExp(`^${integer(used)} of ${integer(TOKENS.essential)} tokens used`));

  const today = totals(mine, (e) => e.timestamp.slice(0, 10) === new Date().toISOString().slice(0, 10)).interactions;
  const day = page.getByRole('region', { name: en.user.day });
  await expect(day.getByText(`${today}%`, { exact: true })).toBeVisible();
  await expect(day.getByText(fill(en.limits.used_of, today, 100))).toBeVisible();

  const agents = page.getByRole('region', { name: en.agents.title, exact: true });
  for (const agent of ['NEXUS', 'BLAZE']) {
    const expected = totals(mine, (e) => e.agent_id === agent && e.timestamp.startsWith(month));
    const row = agents.getByRole('row').filter({ has: page.getByRole('rowheader', { name: agent }) });
    await expect(row.getByRole('cell').first()).toHaveText(integer(expected.interactions));
    await expect(row.locator('td[title]')).toHaveAttribute('title', integer(expected.tokens));
  }

  const alert = page.getByRole('region', { name: new RegExp(`^${en.alerts.title}`) }).getByRole('listitem').first();
  await expect(alert).toContainText(en.alerts.month_exceeded);
  await expect(alert).toContainText(fill(en.alerts.numbers, integer(used), integer(TOKENS.essential), '95%'));
  await expect(alert).toContainText(en.alerts.status_open);
  await expect(alert).toContainText(/ALR-\d+/);
});

test('the days add up', async ({ page, product }) => {
  await open(page, `/usage/users/${USERS.busy}`);
  const rows = page.getByRole('table', { name: en.user.days }).getByRole('row');
  await expect(rows).toHaveCount(61);
  const sums = await rows.evaluateAll((all) =>
    all.slice(1).map((row) => [...row.querySelectorAll('td')].map((cell) => Number(cell.textContent?.replace(/,/g, '')))),
  );
  const expected = totals(product.events, (e) => e.user_id === USERS.busy);
  expect(sums.reduce((sum, [tokens = 0]) => sum + tokens, 0)).toBe(expected.tokens);
  expect(sums.reduce((sum, [, interactions = 0]) => sum + interactions, 0)).toBe(expected.interactions);
});

test('older events come below, until there are no more', async ({ page, product }) => {
  await open(page, `/usage/users/${USERS.busy}`);
  const unmoved = await mark(page);
  const mine = product.events.filter((e) => e.user_id === USERS.busy).length;
  expect(mine).toBeGreaterThan(100);
  const rows = page.getByRole('region', { name: en.user.events }).locator('tbody tr');
  const more = page.getByRole('link', { name: en.user.more });
  for (let shown = 50; shown < mine; shown = Math.min(shown + 50, mine)) {
    await expect(rows).toHaveCount(shown);
    await more.click();
  }
  await expect(rows).toHaveCount(mine);
  await expect(more).toHaveCount(0);
  const stamps = await rows.locator('time').evaluateAll((times) => times.map((t) => t.getAttribute('datetime') ?? ''));
  expect(stamps).toEqual([...stamps].sort().reverse());
  await expect(page).toHaveURL(`/usage/users/${USERS.busy}`);
  await unmoved();
});

test('agents that the tier does not include are marked', async ({ page }) => {
  await open(page, `/usage/users/${USERS.outside}`);
  const agents = page.getByRole('region', { name: en.agents.title, exact: true });
  const row = (agent: string) => agents.getByRole('row').filter({ has: page.getByRole('rowheader', { name: agent }) });
  await expect(row('QUANTUM')).toContainText(fill(en.user.outside, 'Essential'));
  await expect(row('BLAZE')).not.toContainText(fill(en.user.outside, 'Essential'));
  await expect(page.getByText(en.user.outside_short)).toBeVisible();
  await page.goto(`/usage/users/${USERS.unknownAgent}`);
  await expect(row(UNKNOWN_AGENT)).not.toContainText(fill(en.user.outside, 'Longevity'));
  await expect(page.getByRole('region', { name: new RegExp(`^${en.alerts.title}`) })).toContainText(en.alerts.user_none);
});

test('what happens is on the user’s page without a reload', async ({ page, product }) => {
  const user_id = `propia-${product.events.length}`;
  await product.post(event({ user_id, subscription_tier: 'essential', tokens_used: 10_000 }));
  await open(page, `/usage/users/${user_id}`);
  await live(page);
  const unmoved = await mark(page);
  const meter = page.getByRole('region', { name: MONTH });
  await expect(meter.getByText('20%', { exact: true })).toBeVisible();
  await product.post(event({ user_id, subscription_tier: 'essential', tokens_used: 31_000, agent_id: 'BLAZE' }));
  await expect(meter.getByText('82%', { exact: true })).toBeVisible();
  await expect(page.getByRole('region', { name: en.user.events }).locator('tbody tr')).toHaveCount(2);
  await expect(page.getByRole('region', { name: new RegExp(`^${en.alerts.title}`) })).toContainText(en.alerts.month_near);
  await unmoved();
});

test('a billion tokens and an id without an end are legible', async ({ page, product }) => {
  await open(page, `/usage/users/${USERS.huge}`);
  await expect(page.getByRole('region', { name: MONTH }).getByText('1,000,000,000', { exact: true })).toBeVisible();
  await expect(page.getByRole('region', { name: MONTH }).getByText('100,000%', { exact: true })).toBeVisible();
  await page.goto('/usage/users?q=integracion-de-pruebas');
  const link = page.getByRole('rowheader').getByRole('link');
  await expect(link).toHaveAttribute('title', USERS.long);
  await link.click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(USERS.long);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(1440);
  const stats = await product.json<{ subscription_tier: string }>(`/agent-usage/stats/${encodeURIComponent(USERS.long)}`);
  expect(stats.subscription_tier).toBe('elite');
});
