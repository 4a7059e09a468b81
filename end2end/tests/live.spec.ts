// What is posted is on the screen within a second, without a reload.
import { event, USERS } from '../support/events';
import { activity, agentFigures, agentRow, alerts, en, figures, fill, integer, live, mark, open, parse, soon } from '../support/pages';
import { expect, test } from '../support/test';

test('an event is in the figures, the activity and the agents within a second', async ({ page, product }) => {
  await open(page, '/usage?agents=all');
  await live(page);
  const unmoved = await mark(page);
  const [before, row] = [await figures(page), await agentFigures(agentRow(page, 'ECHO'))];
  const sent = event({ user_id: 'en-vivo.uno', agent_id: 'ECHO', subscription_tier: 'elite', tokens_used: 4_321, response_time_ms: 5_678 });
  await product.post(sent);
  await soon(async () => {
    const now = await figures(page);
    expect(now.interactions).toBe(before.interactions + 1);
    expect(now.tokens).toBe(before.tokens + 4_321);
    expect(await agentFigures(agentRow(page, 'ECHO'))).toEqual({ interactions: row.interactions + 1, tokens: row.tokens + 4_321 });
    const newest = await activity(page).getByRole('row').nth(1).textContent({ timeout: 100 });
    expect(newest).toContain(sent.user_id);
    expect(newest).toContain('4,321');
    expect(newest).toContain('5.68');
  });
  await unmoved();
  // What was patched is what a fresh page shows.
  const patched = await figures(page);
  await open(page, '/usage');
  const loaded = await figures(page);
  expect(loaded).toEqual({ ...patched, activeUsers: loaded.activeUsers });
  expect(loaded.activeUsers).toBe(before.activeUsers + 1);
});

test('an agent that nobody has heard of gets a row of its own', async ({ page, product }) => {
  await open(page, '/usage?agents=all');
  await live(page);
  const agent = `NUEVO-${product.events.length}`;
  await expect(agentRow(page, agent)).toHaveCount(0);
  await product.post(event({ user_id: 'en-vivo.agente', agent_id: agent, tokens_used: 77 }));
  await soon(async () => {
    expect(await agentFigures(agentRow(page, agent))).toEqual({ interactions: 1, tokens: 77 });
  });
});

test('a burst arrives whole', async ({ page, product }) => {
  await open(page, '/usage');
  await live(page);
  const unmoved = await mark(page);
  const before = await figures(page);
  const burst = Array.from({ length: 2_000 }, (_, i) =>
    event({ user_id: `rafaga-${i % 7}`, subscription_tier: 'longevity', agent_id: i % 2 ? 'NOVA' : 'FLUX', tokens_used: i % 10 }),
  );
  await Promise.all([0, 500, 1_000, 1_500].map((from) => product.post(...burst.slice(from, from + 500))));
  const tokens = burst.reduce((sum, e) => sum + e.tokens_used, 0);
  await soon(async () => {
    const now = await figures(page);
    expect([now.interactions, now.tokens]).toEqual([before.interactions + 2_000, before.tokens + tokens]);
  }, 3_000);
  await unmoved();
});

test('the chart grows by what arrives', async ({ page, product }) => {
  await open(page, '/usage');
  await live(page);
  const today = page.getByRole('table', { name: en.chart.table }).getByRole('row').last().getByRole('cell');
  const total = async () => parse(await today.nth(5).textContent());
  const before = await total();
  await product.post(event({ user_id: 'en-vivo.grafico', tokens_used: 12_345, subscription_tier: 'longevity' }));
  await soon(async () => {
    expect(await total()).toBe(before + 12_345);
  });
});

test('a filter lets through what it should, and nothing else', async ({ page, product }) => {
  await open(page, '/usage?tier=elite&period=7d');
  await live(page);
  const before = await figures(page);
  await product.post(
    event({ user_id: 'en-vivo.pro', subscription_tier: 'pro', tokens_used: 900 }),
    event({ user_id: 'en-vivo.elite', subscription_tier: 'elite', tokens_used: 33 }),
  );
  await soon(async () => {
    expect((await figures(page)).tokens).toBe(before.tokens + 33);
  });
  expect((await figures(page)).interactions).toBe(before.interactions + 1);
  await expect(activity(page).getByText('en-vivo.pro')).toHaveCount(0);
});

test('an alert appears at 80%, and a worse one takes its place at 95%', async ({ page, product }) => {
  await open(page, '/usage');
  await live(page);
  const unmoved = await mark(page);
  const panel = alerts(page);
  const count = async () => parse(await panel.getByRole('heading', { level: 2 }).textContent());
  const severities = async () => {
    const region = page.getByRole('region', { name: en.figures.title });
    return (await region.locator('.severity').allTextContents()).map(parse);
  };
  const user_id = `alerta-${product.events.length}`;
  const mine = panel.getByRole('link').filter({ hasText: user_id });
  const [before, [critical = 0, , medium = 0]] = [await count(), await severities()];
  expect(before).toBeGreaterThanOrEqual(2);

  // Of 50,000 a month.
  await product.post(event({ user_id, subscription_tier: 'essential', tokens_used: 39_500 }));
  await product.post(event({ user_id, subscription_tier: 'essential', tokens_used: 1_500 }));
  await soon(async () => {
    expect(await severities()).toEqual([critical, 0, medium + 1, 0]);
    expect(await count()).toBe(before + 1);
  }, 2_000);
  // The worst come first: this one may be folded away.
  const more = panel.locator('details:not([open]) > summary');
  if (await more.count()) {
    await more.click();
  }
  await expect(mine).toHaveCount(1);
  await expect(mine).toContainText(en.alerts.month_near);
  await expect(mine).toContainText(en.severity.medium);
  await expect(mine).toContainText('82%');

  await product.post(event({ user_id, subscription_tier: 'essential', tokens_used: 7_000 }));
  await soon(async () => {
    expect(await severities()).toEqual([critical + 1, 0, medium, 0]);
    expect(await count()).toBe(before + 1);
  }, 2_000);
  await expect(mine).toHaveCount(1);
  await expect(mine).toContainText(en.alerts.month_exceeded);
  await expect(mine).toContainText(en.severity.critical);
  await expect(mine).toContainText('96%');
  const nearest = page.getByRole('region', { name: new RegExp(`^${en.nearest.title}`) });
  await expect(nearest.getByRole('row').filter({ hasText: user_id })).toContainText(integer(48_000));
  await unmoved();

  // The user's own page keeps both, and the alert leads there.
  await mine.click();
  await expect(page).toHaveURL(`/usage/users/${user_id}`);
  const own = page.getByRole('region', { name: new RegExp(`^${en.alerts.title}`) }).getByRole('listitem');
  await expect(own).toHaveCount(2);
  await expect(own.filter({ hasText: en.alerts.month_exceeded })).toContainText(en.alerts.status_open);
  await expect(own.filter({ hasText: en.alerts.month_near })).toContainText(fill(en.alerts.resolved_in, '').trim());
});

test('the day’s interactions raise alerts too', async ({ page, product }) => {
  await open(page, '/usage');
  await live(page);
  const user_id = `diario-${product.events.length}`;
  const mine = alerts(page).getByRole('link').filter({ hasText: user_id });
  const many = (n: number) => Array.from({ length: n }, () => event({ user_id, subscription_tier: 'essential', tokens_used: 1 }));
  await product.post(...many(96));
  await soon(async () => {
    expect(await mine.first().textContent({ timeout: 100 })).toContain(en.alerts.day_exceeded);
  }, 2_000);
  await expect(mine).toHaveCount(1);
  await expect(mine).toContainText('96%');
});

test('the activity can be held still', async ({ page, product }) => {
  await open(page, '/usage');
  await live(page);
  const panel = activity(page);
  const button = panel.getByRole('button', { name: en.activity.pause });
  await button.click();
  await expect(button).toHaveAttribute('aria-pressed', 'true');
  const user_id = `detenida-${product.events.length}`;
  const before = await figures(page);
  await product.post(event({ user_id }));
  await expect(panel.getByText(fill(en.activity.missed_one, 1))).toBeVisible();
  expect((await figures(page)).interactions).toBe(before.interactions + 1);
  await expect(panel.getByRole('link', { name: user_id })).toHaveCount(0);
  await button.click();
  await expect(panel.getByRole('link', { name: user_id })).toBeVisible();
});

test('the page says how fresh it is', async ({ page, product }) => {
  await open(page, '/usage');
  await live(page);
  const age = page.locator('.live-age');
  await expect(age).toContainText(/[3-9]\s?s ago/);
  const before = await age.getAttribute('title');
  await product.post(event({ user_id: USERS.approaching, tokens_used: 1, subscription_tier: 'pro' }));
  await soon(async () => {
    expect(await age.getAttribute('title')).not.toBe(before);
    expect(await age.textContent()).toMatch(/[01]\s?s ago/);
  });
  await expect(age).toContainText(/[23]\s?s ago/);
});
