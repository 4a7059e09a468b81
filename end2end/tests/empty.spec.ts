// A product that has not heard of any use says so, and becomes a dashboard with the first event.
import { event } from '../support/events';
import { activity, en, figures, live, mark, open, soon } from '../support/pages';
import { expect, onFresh, test } from '../support/test';

test.use(onFresh);

test('the first event turns the welcome into a dashboard', async ({ page, fresh }) => {
  await open(page, '/usage');
  await live(page);
  const welcome = page.getByRole('heading', { name: en.welcome.title });
  await expect(welcome).toBeVisible();
  await expect(page.getByText('POST /agent-usage/events')).toBeVisible();
  await expect(page.getByRole('region', { name: en.figures.title })).toHaveCount(0);
  const unmoved = await mark(page);
  await fresh.post(event({ user_id: 'la-primera', tokens_used: 4_242 }));
  await soon(async () => {
    expect(await welcome.count()).toBe(0);
    const now = await figures(page);
    expect([now.interactions, now.tokens]).toEqual([1, 4_242]);
  });
  await expect(activity(page).getByRole('row').nth(1)).toContainText('la-primera');
  await unmoved();
  await fresh.post(event({ user_id: 'la-segunda', tokens_used: 58 }));
  await soon(async () => {
    expect((await figures(page)).tokens).toBe(4_300);
  });
});

test('there are no users yet', async ({ page }) => {
  await open(page, '/usage/users');
  await expect(page.getByText(en.users.empty, { exact: true })).toBeVisible();
  await expect(page.getByText(en.users.empty_help)).toBeVisible();
});

test('without JavaScript too', async ({ browser, fresh }) => {
  const context = await browser.newContext({ javaScriptEnabled: false, locale: 'es-CO' });
  const page = await context.newPage();
  await page.goto(`${fresh.url}/usage`);
  await expect(page.getByRole('heading', { name: 'Todavía no ha llegado nada' })).toBeVisible();
  await context.close();
});
