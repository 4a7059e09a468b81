// Everything is within reach of the keyboard.
import { USERS } from '../support/events';
import { closed, en, hydrated, open } from '../support/pages';
import { expect, test } from '../support/test';

test('g u and g s go to the places', async ({ page }) => {
  await open(page, '/usage');
  await page.keyboard.press('g');
  await page.keyboard.press('s');
  await expect(page).toHaveURL(/\/usage\/users$/);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(en.users.title);
  await page.keyboard.press('g');
  await page.keyboard.press('u');
  await expect(page).toHaveURL(/\/usage$/);
  await expect(page.getByRole('heading', { level: 1 })).toContainText(en.usage.title);
  // A letter alone does nothing.
  await page.keyboard.press('s');
  await expect(page).toHaveURL(/\/usage$/);
});

test('/ goes to the search, and what is typed there is no shortcut', async ({ page }) => {
  await open(page, '/usage/users');
  await page.keyboard.press('/');
  const search = page.getByRole('searchbox', { name: en.users.search });
  await expect(search).toBeFocused();
  await page.keyboard.type('gu?');
  await expect(search).toHaveValue('gu?');
  await expect(page).toHaveURL(/\/usage\/users\?q=gu%3F$/);
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await open(page, '/usage');
  await page.keyboard.press('/');
  await expect(page.getByRole('dialog', { name: en.palette.open })).toBeVisible();
});

test('? lists the shortcuts, Esc closes them', async ({ page }) => {
  await open(page, '/usage');
  await page.keyboard.press('?');
  const dialog = page.getByRole('dialog', { name: en.help.title });
  await expect(dialog).toBeVisible();
  await expect(dialog.getByText(en.help.rows)).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await page.keyboard.press('?');
  await expect(dialog).toBeVisible();
  await dialog.getByRole('button', { name: en.help.close }).click();
  await expect(dialog).toBeHidden();
});

test('the palette finds a user, and Enter opens it', async ({ page }) => {
  await open(page, '/usage');
  await page.keyboard.press('Control+k');
  const dialog = page.getByRole('dialog', { name: en.palette.open });
  const field = dialog.getByRole('combobox');
  await expect(field).toBeFocused();
  await page.keyboard.type('MATEO');
  const option = dialog.getByRole('option', { name: USERS.approaching });
  await expect(option).toBeVisible();
  await expect(option).toHaveAttribute('aria-selected', 'true');
  await expect(field).toHaveAttribute('aria-activedescendant', (await option.getAttribute('id')) ?? '?');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(`/usage/users/${USERS.approaching}`);
  await expect(dialog).toBeHidden();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(USERS.approaching);
});

test('the palette runs commands, and Esc closes it', async ({ page }) => {
  await open(page, '/usage');
  const dialog = page.getByRole('dialog', { name: en.palette.open });
  await page.keyboard.press('Control+k');
  await expect(dialog.getByRole('combobox')).toBeFocused();
  await page.keyboard.press('Escape');
  await closed(page);
  await page.keyboard.press('Control+k');
  await page.keyboard.type('7 days');
  await expect(dialog.getByRole('option')).toHaveCount(1);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/usage\?period=7d$/);
  await closed(page);
  await page.keyboard.press('Control+k');
  const options = dialog.getByRole('option');
  await expect(options.first()).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('ArrowDown');
  await expect(options.nth(1)).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowUp');
  await expect(options.last()).toHaveAttribute('aria-selected', 'true');
  // The last one changes the language.
  await page.keyboard.press('Enter');
  await expect(page.locator('html')).toHaveAttribute('lang', 'es');
  await hydrated(page);
  await page.keyboard.press('Control+k');
  await page.keyboard.type('nadie-se-llama-asi');
  await expect(page.getByRole('dialog').getByRole('option')).toHaveCount(0);
});

test('j and k move along the rows, Enter opens one', async ({ page }) => {
  await open(page, '/usage/users');
  const rows = page.getByRole('rowheader').getByRole('link');
  await page.keyboard.press('j');
  await expect(rows.nth(0)).toBeFocused();
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await expect(rows.nth(2)).toBeFocused();
  await page.keyboard.press('k');
  await expect(rows.nth(1)).toBeFocused();
  const user = await rows.nth(1).getAttribute('title');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(`/usage/users/${encodeURIComponent(user ?? '?')}`);
});

test('menus open and close by keyboard', async ({ page }) => {
  await open(page, '/usage');
  const bar = page.getByRole('group', { name: en.filter.title });
  const menu = bar.locator('details').filter({ has: page.locator('summary', { hasText: en.filter.tier }) });
  await menu.locator('summary').focus();
  await page.keyboard.press('Enter');
  await expect(menu).toHaveAttribute('open', '');
  await page.keyboard.press('Tab');
  await expect(menu.getByRole('link').first()).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(menu).not.toHaveAttribute('open');
  await expect(menu.locator('summary')).toBeFocused();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1 }).click();
  await expect(menu).not.toHaveAttribute('open');
});

test('the first tab leads past the places', async ({ page }) => {
  await open(page, '/usage');
  await page.keyboard.press('Tab');
  const skip = page.getByRole('link', { name: en.nav.skip });
  await expect(skip).toBeFocused();
  await expect(skip).toBeInViewport();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/#main$/);
  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement?.closest('main') !== null)).toBe(true);
});
