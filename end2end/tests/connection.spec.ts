// The connection goes and comes back: the page says so, and nothing is missing afterwards.
import type { Page } from '@playwright/test';
import { event } from '../support/events';
import { activity, en, figures, live, mark, open, soon } from '../support/pages';
import type { Product } from '../support/product';
import { expect, onFresh, test } from '../support/test';

test.use(onFresh);

/** The page says that the connection is lost, and of what time its figures are. */
async function lost(page: Page): Promise<void> {
  const banner = page.getByRole('status').filter({ hasText: en.live.lost });
  await expect(banner).toBeVisible({ timeout: 10_000 });
  await expect(banner).toContainText(/Figures are from \d\d:\d\d:\d\d\./);
  await expect(banner.getByRole('button', { name: en.live.now })).toBeVisible();
}

/** The page shows what REST tells, and what was acknowledged. */
async function complete(page: Page, product: Product): Promise<void> {
  const tokens = product.events.reduce((sum, e) => sum + e.tokens_used, 0);
  await soon(async () => {
    const shown = await figures(page);
    expect([shown.interactions, shown.tokens]).toEqual([product.events.length, tokens]);
  }, 10_000);
  const { totals } = await product.summary();
  expect([totals.interactions, totals.tokens]).toEqual([product.events.length, tokens]);
  const newest = product.events.at(-1)?.user_id ?? '';
  await expect(activity(page).getByRole('row').nth(1)).toContainText(newest);
}

/** Events a millisecond apart, the last of them now. */
function some(from: number, n: number) {
  const now = Date.now();
  return Array.from({ length: n }, (_, i) =>
    event({ user_id: `hueco-${from + i}`, tokens_used: 1_000 + from + i, timestamp: new Date(now - n + 1 + i).toISOString() }),
  );
}

test('the network goes and comes back', async ({ page, context, fresh, watch }) => {
  watch.allow(/ERR_INTERNET_DISCONNECTED|WebSocket connection/);
  await fresh.post(...some(0, 3));
  await open(page, '/usage');
  await live(page);
  const unmoved = await mark(page);
  await complete(page, fresh);

  const before = await figures(page);
  await context.setOffline(true);
  await lost(page);
  for (let n = 0; n < 20; n++) {
    await fresh.post(...some(100 + n * 5, 5));
  }
  expect(await figures(page), 'offline, nothing arrives').toEqual(before);
  await context.setOffline(false);
  await live(page);
  await expect(page.getByText(en.live.lost)).toHaveCount(0);
  await complete(page, fresh);
  await fresh.post(...some(900, 1));
  await complete(page, fresh);
  await unmoved();
});

test('the line is cut while the rest works', async ({ page, fresh, watch }) => {
  watch.allow(/WebSocket connection/);
  let cut = false;
  const lines = new Set<() => Promise<void>>();
  await page.routeWebSocket(/\/agent-usage\/live/, (line) => {
    if (cut) {
      void line.close({ code: 1011 });
      return;
    }
    const server = line.connectToServer();
    lines.add(async () => {
      await server.close();
      await line.close({ code: 1011 });
    });
  });
  await fresh.post(...some(0, 3));
  await open(page, '/usage');
  await live(page);
  const unmoved = await mark(page);
  await complete(page, fresh);

  cut = true;
  await Promise.all([...lines].map((end) => end()));
  await lost(page);
  await fresh.post(...some(10, 40));
  cut = false;
  await page.getByRole('button', { name: en.live.now }).click();
  await live(page);
  await complete(page, fresh);
  await unmoved();
});

test('the server is killed and starts again', async ({ page, fresh, watch }) => {
  watch.allow(/ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|WebSocket connection/);
  await fresh.post(...some(0, 3));
  await open(page, '/usage');
  await live(page);
  const unmoved = await mark(page);
  await complete(page, fresh);

  // What was acknowledged right before the end counts too.
  await fresh.post(...some(10, 5));
  await fresh.kill();
  await lost(page);
  await fresh.serve();
  await fresh.post(...some(20, 50));
  // It comes back by itself.
  await expect(page.locator('.live strong')).toHaveText(en.live.on, { timeout: 20_000 });
  await expect(page.getByText(en.live.lost)).toHaveCount(0);
  await complete(page, fresh);
  await fresh.post(...some(900, 1));
  await complete(page, fresh);
  await unmoved();
});
