// What is shown lives in the address; the chart answers to mouse and keyboard.
import { FILLERS, totals, USERS, within } from '../support/events';
import { choose, en, figure, figures, fill, hydrated, integer, mark, open, parse } from '../support/pages';
import { expect, test } from '../support/test';

test('filters change the address, the way back works, and a link shows the same', async ({ page, context, product }) => {
  await open(page, '/usage');
  const unmoved = await mark(page);
  const all = totals(product.events, within(30));
  expect(await figures(page)).toEqual(all);

  const periods = page.getByRole('navigation', { name: en.filter.period });
  await periods.getByRole('link', { name: en.period.days7 }).click();
  await expect(page).toHaveURL(/\/usage\?period=7d$/);
  const week = totals(product.events, within(7));
  await expect(figure(page, en.figures.interactions)).toHaveAttribute('title', integer(week.interactions));
  expect(await figures(page)).toEqual(week);
  await expect(periods.getByRole('link', { name: en.period.days7 })).toHaveAttribute('aria-current', 'true');

  await choose(page, en.filter.tier, 'Elite');
  await expect(page).toHaveURL(/\/usage\?period=7d&tier=elite$/);
  const elite = totals(product.events, (e) => within(7)(e) && e.subscription_tier === 'elite');
  await expect(figure(page, en.figures.interactions)).toHaveAttribute('title', integer(elite.interactions));
  expect(await figures(page)).toEqual(elite);

  await choose(page, en.filter.agent, 'CIPHER');
  await expect(page).toHaveURL(/\/usage\?period=7d&tier=elite&agent=CIPHER$/);
  const cipher = totals(product.events, (e) => within(7)(e) && e.subscription_tier === 'elite' && e.agent_id === 'CIPHER');
  await expect(figure(page, en.figures.interactions)).toHaveAttribute('title', integer(cipher.interactions));
  expect(await figures(page)).toEqual(cipher);

  const colleague = await context.newPage();
  await open(colleague, page.url());
  expect(await figures(colleague)).toEqual(cipher);
  await colleague.close();

  await page.goBack();
  await expect(figure(page, en.figures.interactions)).toHaveAttribute('title', integer(elite.interactions));
  await page.goBack();
  await expect(figure(page, en.figures.interactions)).toHaveAttribute('title', integer(week.interactions));
  await page.goBack();
  await expect(page).toHaveURL(/\/usage$/);
  await expect(figure(page, en.figures.interactions)).toHaveAttribute('title', integer(all.interactions));
  await page.goForward();
  await expect(figure(page, en.figures.interactions)).toHaveAttribute('title', integer(week.interactions));
  await unmoved();
});

test('dates of one’s own', async ({ page, product }) => {
  const day = (ago: number) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);
  const [from, to] = [day(9), day(2)];
  await open(page, '/usage');
  const unmoved = await mark(page);
  const menu = page.locator('details').filter({ has: page.locator('summary', { hasText: en.period.custom }) });
  await menu.locator('summary').click();
  await menu.getByLabel(en.filter.since).fill(from);
  await menu.getByLabel(en.filter.until).fill(to);
  await menu.getByRole('button', { name: en.filter.apply }).click();
  await expect(page).toHaveURL((url) => url.searchParams.get('from') === from && url.searchParams.get('to') === to);
  const expected = totals(product.events, (e) => e.timestamp.slice(0, 10) >= from && e.timestamp.slice(0, 10) <= to);
  await expect(figure(page, en.figures.interactions)).toHaveAttribute('title', integer(expected.interactions));
  expect(await figures(page)).toEqual(expected);
  await unmoved();
});

test('all agents are shown when asked for', async ({ page, product }) => {
  await open(page, '/usage');
  const agents = new Set(product.events.filter(within(30)).map((e) => e.agent_id)).size;
  const rows = page.getByRole('region', { name: en.agents.title, exact: true }).locator('tbody tr');
  await expect(rows).toHaveCount(8);
  await page.getByRole('link', { name: fill(en.agents.others, agents - 7) }).click();
  await expect(page).toHaveURL(/\/usage\?agents=all$/);
  await expect(rows).toHaveCount(agents);
  await page.getByRole('link', { name: en.agents.fold }).click();
  await expect(rows).toHaveCount(8);
});

test('the legend takes tiers out of the chart', async ({ page }) => {
  await open(page, '/usage');
  const chart = page.getByRole('region', { name: /^Tokens per day/ });
  const table = page.getByRole('table', { name: en.chart.table });
  const last = async () => (await table.getByRole('row').last().getByRole('cell').allTextContents()).map(parse);
  const [essential = 0, pro = 0, elite = 0, prime = 0, longevity = 0, total] = await last();
  expect(essential + pro + elite + prime + longevity).toBe(total);
  expect(prime).toBeGreaterThan(0);
  const button = chart.getByRole('list', { name: en.chart.legend }).getByRole('button', { name: 'Prime' });
  await expect(button).toHaveAttribute('aria-pressed', 'true');
  const shapes = chart.locator('.tier-prime path.area');
  expect(await shapes.count()).toBeGreaterThan(0);
  await button.click();
  await expect(button).toHaveAttribute('aria-pressed', 'false');
  await expect(shapes).toHaveCount(0);
  await expect.poll(last).toEqual([essential, pro, elite, 0, longevity, essential + pro + elite + longevity, Number.NaN]);
  await button.click();
  await expect(button).toHaveAttribute('aria-pressed', 'true');
  await expect.poll(async () => (await last())[5]).toBe(total);
});

test('the chart counts interactions as well', async ({ page, product }) => {
  await open(page, '/usage');
  await page.getByRole('button', { name: fill(en.chart.switch, en.figures.interactions) }).click();
  await expect(page.getByRole('heading', { name: /^Interactions per day/ })).toBeVisible();
  const rows = page.getByRole('table', { name: en.chart.table }).getByRole('row');
  const sums = await rows.evaluateAll((all) => all.slice(1).map((row) => Number(row.querySelectorAll('td')[5]?.textContent?.replace(/,/g, ''))));
  expect(sums).toHaveLength(30);
  expect(sums.reduce((a, b) => a + b, 0)).toBe(totals(product.events, within(30)).interactions);
});

test('the keyboard reads the chart', async ({ page }) => {
  await open(page, '/usage');
  const slider = page.getByRole('slider', { name: en.chart.slider });
  const tooltip = page.locator('.tooltip');
  await expect(tooltip).toHaveCount(0);
  await slider.focus();
  await page.keyboard.press('End');
  await expect(tooltip).toBeVisible();
  await expect(slider).toHaveAttribute('aria-valuenow', '29');
  const table = page.getByRole('table', { name: en.chart.table });
  const today = await table.getByRole('row').last().getByRole('rowheader').textContent();
  await expect(tooltip).toContainText(today ?? '?');
  await expect(slider).toHaveAttribute('aria-valuetext', new RegExp(`^${today}: .*Prime`));
  await page.keyboard.press('ArrowLeft');
  await expect(slider).toHaveAttribute('aria-valuenow', '28');
  const yesterday = await table.getByRole('row').nth(-2).getByRole('rowheader').textContent();
  await expect(tooltip).toContainText(yesterday ?? '?');
  await page.keyboard.press('Home');
  await expect(slider).toHaveAttribute('aria-valuenow', '0');
  await page.keyboard.press('Escape');
  await expect(tooltip).toHaveCount(0);
});

test('the pointer reads the chart, and the tooltip stays inside', async ({ page }) => {
  await open(page, '/usage');
  const slider = page.getByRole('slider', { name: en.chart.slider });
  await slider.scrollIntoViewIfNeeded();
  const box = await slider.boundingBox();
  expect(box).not.toBeNull();
  for (const fraction of [0.01, 0.5, 0.99]) {
    await page.mouse.move(box!.x + box!.width * fraction, box!.y + box!.height / 2);
    const tip = page.locator('.tooltip');
    await expect(tip).toBeVisible();
    const inner = await tip.boundingBox();
    expect(inner!.x).toBeGreaterThanOrEqual(0);
    expect(inner!.x + inner!.width).toBeLessThanOrEqual(1440);
  }
  await page.mouse.move(5, 5);
  await expect(page.locator('.tooltip')).toHaveCount(0);
});

test('the list of users follows what is typed', async ({ page }) => {
  await open(page, '/usage/users');
  const unmoved = await mark(page);
  const search = page.getByRole('searchbox', { name: en.users.search });
  await search.pressSequentially('grupo-and');
  await expect(page).toHaveURL(/\/usage\/users\?q=grupo-and$/);
  const rows = page.getByRole('rowheader').getByRole('link');
  await expect(rows).toHaveCount(1);
  await expect(rows).toHaveAttribute('title', USERS.approaching);
  await search.fill('cliente-');
  await expect(page.getByText(fill(en.users.shown, 50, FILLERS))).toBeVisible();
  await page.getByRole('link', { name: en.users.next }).click();
  await expect(rows).toHaveCount(FILLERS - 50);
  await page.goBack();
  await expect(rows).toHaveCount(50);
  await choose(page, en.users.order, en.users.sort_name);
  await expect(page).toHaveURL(/q=cliente-&sort=name$/);
  await expect(rows.first()).toHaveAttribute('title', 'cliente-001');
  await unmoved();
  await page.reload();
  await hydrated(page);
  await expect(search).toHaveValue('cliente-');
  await expect(rows.first()).toHaveAttribute('title', 'cliente-001');
});
