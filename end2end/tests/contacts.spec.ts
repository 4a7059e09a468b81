// Contacts and companies, as somebody works with them: found while typing, changed by two at once, in bulk and back, by keyboard alone.
import type { Page } from '@playwright/test';
import { fill, office, oficina, open, prefer } from '../support/pages';
import { expect, onFresh, test } from '../support/test';

const { contacts, desk, fields } = office;

async function add(page: Page, first: string, last: string, more: Record<string, string> = {}): Promise<string> {
  await open(page, '/contacts/new');
  await page.getByLabel(fields.first_name, { exact: true }).fill(first);
  await page.getByLabel(fields.last_name, { exact: true }).fill(last);
  for (const [label, value] of Object.entries(more)) {
    await page.getByLabel(label, { exact: true }).fill(value);
  }
  await page.getByRole('button', { name: desk.save }).click();
  await expect(page.getByRole('status')).toContainText(desk.created);
  return new URL(page.url()).pathname;
}

test.describe('on a product of their own', () => {
  test.use(onFresh);

  test('a list is searched while somebody types, and its address shows a colleague the same', async ({ page, fresh }) => {
    await open(page, '/contacts');
    await expect(page.getByText(contacts.empty)).toBeVisible();
    await add(page, 'Mariana', 'Solís', { [fields.company]: 'Centro Sol', [fields.city]: 'Bogotá' });
    await add(page, 'Carlos', 'Mejía', { [fields.email]: 'carlos@norte.example' });
    await open(page, '/contacts');
    const rows = page.locator('.desk-table tbody tr');
    await expect(rows).toHaveCount(2);
    await page.keyboard.press('/');
    await page.keyboard.type('solis');
    await expect(rows).toHaveCount(1);
    await expect(rows).toContainText('Mariana Solís');
    await expect(page.getByRole('searchbox')).toBeFocused();
    await expect(page.getByRole('searchbox')).toHaveValue('solis');
    await expect(page).toHaveURL(/q=solis/);
    await page.reload();
    await expect(rows).toHaveCount(1);
    // A filter of the form stands in the address too, and is saved as a view.
    await open(page, '/contacts');
    await page.locator('summary', { hasText: desk.filter }).click();
    await page.getByRole('link', { name: fields.city, exact: true }).click();
    await page.getByLabel(desk.filter_op).selectOption('is');
    await page.getByLabel(desk.filter_value).fill('bogota');
    await page.getByRole('button', { name: desk.filter_add }).click();
    await expect(rows).toHaveCount(1);
    await page.locator('summary', { hasText: desk.views }).click();
    await page.getByLabel(desk.view_new).fill('Bogotanos');
    await page.getByRole('button', { name: desk.view_save }).click();
    await open(page, '/contacts');
    await page.locator('summary', { hasText: desk.views }).click();
    await page.getByRole('link', { name: 'Bogotanos' }).click();
    await expect(rows).toHaveCount(1);
    expect(fresh.url).toBeTruthy();
  });

  test('two people change one contact: both words are shown, none is lost', async ({ page, context, watch }) => {
    watch.allow(/422/);
    const path = await add(page, 'Ana', 'Ruiz', { [fields.city]: 'Bogotá' });
    await open(page, `${path}?edit=1`);
    const other = await context.newPage();
    await open(other, `${path}?edit=1`);
    await other.getByLabel(fields.city, { exact: true }).fill('Medellín');
    await other.getByRole('button', { name: desk.save }).click();
    await expect(other.getByRole('status')).toContainText(desk.saved);
    await page.getByLabel(fields.city, { exact: true }).fill('Cali');
    await page.getByLabel(fields.notes, { exact: true }).fill('una nota larga');
    await page.getByRole('button', { name: desk.save }).click();
    await expect(page.getByText(fill(desk.changed_meanwhile, 'Medellín'))).toBeVisible();
    await expect(page.getByLabel(fields.city, { exact: true })).toHaveValue('Cali');
    await expect(page.getByLabel(fields.notes, { exact: true })).toHaveValue('una nota larga');
    await page.getByRole('button', { name: desk.save }).click();
    await expect(page.getByRole('status')).toContainText(desk.saved);
    await expect(page.getByRole('complementary')).toContainText('una nota larga');
  });

  test('a field is changed where it stands, and only that field', async ({ page }) => {
    const path = await add(page, 'Ana', 'Ruiz', { [fields.city]: 'Bogotá', [fields.country]: 'Colombia' });
    await open(page, path);
    const city = page.locator('details').filter({ has: page.locator('summary', { hasText: 'Bogotá' }) });
    await city.locator('summary').click();
    await city.getByLabel(fields.city, { exact: true }).fill('Cali');
    await city.getByRole('button', { name: desk.save }).click();
    await expect(page.getByRole('status')).toContainText(desk.saved);
    await expect(page.getByRole('complementary')).toContainText('Cali');
    await expect(page.getByRole('complementary')).toContainText('Colombia');
  });

  test('many are changed at once and back', async ({ page }) => {
    for (const name of ['Ana', 'Bea', 'Eva']) {
      await add(page, name, 'Soto');
    }
    await open(page, '/contacts');
    await page.getByLabel(desk.choose_all).check();
    await expect(page.locator('.bulk-count')).toBeVisible();
    await page.getByLabel('Eva Soto').uncheck();
    await page.getByRole('button', { name: desk.delete }).click();
    await expect(page.getByRole('status').filter({ hasText: fill(desk.deleted, 2) })).toBeVisible();
    const rows = page.locator('.desk-table tbody tr');
    await expect(rows).toHaveCount(1);
    await page.getByRole('button', { name: desk.undo }).click();
    await expect(rows).toHaveCount(3);
  });

  test('by keyboard alone: create, look, edit, go back', async ({ page }) => {
    await open(page, '/usage');
    await page.keyboard.press('g');
    await page.keyboard.press('c');
    await expect(page).toHaveURL(/\/contacts$/);
    await expect(page.getByText(contacts.empty)).toBeVisible();
    await page.keyboard.press('c');
    await expect(page).toHaveURL(/\/contacts\/new$/);
    await page.getByLabel(fields.first_name, { exact: true }).focus();
    await page.keyboard.type('Íñigo');
    await page.keyboard.press('Control+Enter');
    await expect(page.getByRole('status')).toContainText(desk.created);
    await page.locator('html[data-hydrated="true"]').waitFor();
    await page.keyboard.press('e');
    await expect(page).toHaveURL(/edit=1/);
    await expect(page.getByLabel(fields.first_name, { exact: true })).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(page).not.toHaveURL(/edit=1/);
    await open(page, '/contacts');
    await page.keyboard.press('j');
    await page.keyboard.press('x');
    await expect(page.getByLabel('Íñigo', { exact: true })).toBeChecked();
    await page.keyboard.press('x');
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(/open=/);
    await expect(page.getByRole('complementary')).toContainText('Íñigo');
    await page.keyboard.press('Escape');
    await expect(page).not.toHaveURL(/open=/);
  });

  test('in Spanish, with what somebody else might have typed', async ({ page, fresh }) => {
    await prefer(page, fresh.url, { lang: 'es' });
    await open(page, '/contacts/new');
    await page.getByLabel(oficina.fields.first_name, { exact: true }).fill('<img src=x onerror=alert(1)>');
    await page.getByLabel(oficina.fields.tags, { exact: true }).fill('"><script>alert(1)</script>');
    await page.getByRole('button', { name: oficina.desk.save }).click();
    await expect(page.getByRole('status')).toContainText(oficina.desk.created);
    await open(page, '/contacts?open=x&q=img');
    await expect(page.locator('.who-name')).toHaveText('<img src=x onerror=alert(1)>');
    expect(await page.locator('main img, main script').count()).toBe(0);
  });
});
