// What brings records in and together: a file is imported and taken back, a lead becomes a contact, two contacts become one and two again.
import type { Page } from '@playwright/test';
import { fill, office, open } from '../support/pages';
import { expect, onFresh, test } from '../support/test';

const { contacts, desk, duplicates, fields, imports, leads } = office;

const rows = (page: Page) => page.locator('.desk-table tbody tr');

test.describe('on a product of their own', () => {
  test.use(onFresh);

  test('a file with a mistake is mapped, tried, imported, looked at and taken back', async ({ page }) => {
    await open(page, '/import');
    const file = 'Vorname;Apellidos;Correo;Ciudad\nMariana;Solís;mariana@sol.example;Bogotá\nJosé;"García\nMárquez";jose@sol.example;Cali\nEva;Ruiz;no es un correo;Lima\n';
    await page.getByLabel(imports.file, { exact: true }).setInputFiles({ name: 'gente.csv', mimeType: 'text/csv', buffer: Buffer.from(file) });
    await page.getByRole('button', { name: imports.send }).click();
    await expect(page).toHaveURL(/\/import\/[0-9a-f-]{36}/);
    // One column of these is known by no layout: it is said by hand.
    await page.locator('select[name="c0"]').selectOption('first_name');
    await page.getByRole('button', { name: imports.check }).click();
    // The job goes on by itself, and so does the page.
    await expect(page.getByText(imports.would)).toBeVisible({ timeout: 20_000 });
    await expect(page.locator('.chip').filter({ hasText: imports.refused })).toBeVisible();
    await open(page, '/contacts');
    await expect(page.getByText(contacts.empty)).toBeVisible();
    await page.goBack();
    await page.getByRole('button', { name: imports.start, exact: true }).click();
    await expect(page.getByText(imports.s_done, { exact: true })).toBeVisible({ timeout: 20_000 });
    const here = new URL(page.url()).pathname;
    await open(page, '/contacts');
    await expect(rows(page)).toHaveCount(2);
    await expect(rows(page).first()).toContainText('García Márquez');
    await open(page, here);
    await page.getByRole('button', { name: imports.undo }).click();
    await expect(page.getByText(imports.n_undone, { exact: true }).first()).toBeVisible({ timeout: 20_000 });
    await expect(page.locator('.import-progress')).toHaveCount(0, { timeout: 20_000 });
    await open(page, '/contacts');
    await expect(page.getByText(contacts.empty)).toBeVisible();
  });

  test('a lead becomes a contact, with what was said', async ({ page }) => {
    await open(page, '/leads/new');
    await page.getByLabel(fields.first_name, { exact: true }).fill('María');
    await page.getByLabel(fields.email, { exact: true }).fill('maria@sol.example');
    await page.getByLabel(fields.company, { exact: true }).fill('Clínica Sol');
    await page.locator('textarea[name="message"]').fill('Necesitamos una demo para 300 empleados este mes.');
    await page.getByRole('button', { name: leads.create }).click();
    await expect(page).toHaveURL(/\/leads\/[0-9a-f-]{36}/);
    await expect(page.locator('mark').filter({ hasText: '300 empleados' }).first()).toBeVisible();
    await page.getByRole('button', { name: leads.convert }).click();
    await expect(page.getByRole('status')).toContainText(leads.converted);
    await open(page, '/contacts');
    await expect(rows(page)).toHaveCount(1);
    await expect(rows(page)).toContainText('Clínica Sol');
    // The palette finds them by a part of the name, whatever the accents.
    await page.keyboard.press('Control+k');
    await page.keyboard.type('clinica');
    await page.getByRole('option', { name: 'Clínica Sol' }).last().click();
    await expect(page).toHaveURL(/\/companies\/[0-9a-f-]{36}/);
  });

  test('two who are one are merged field by field, and become two again', async ({ page, watch }) => {
    // Whoever is added second is told of the first, once the job has looked at them.
    watch.allow(/409/);
    for (const [first, email, city] of [['Mariana', 'mariana@sol.example', 'Bogotá'], ['Mariana', 'mariana.solis@sol.example', 'Cali']] as const) {
      await open(page, '/contacts/new');
      await page.getByLabel(fields.first_name, { exact: true }).fill(first);
      await page.getByLabel(fields.last_name, { exact: true }).fill('Solís Quintero');
      await page.getByLabel(fields.email, { exact: true }).fill(email);
      await page.getByLabel(fields.phone, { exact: true }).fill('+57 300 123 4567');
      await page.getByLabel(fields.city, { exact: true }).fill(city);
      await page.getByRole('button', { name: desk.save }).click();
      const similar = page.getByLabel(contacts.sure);
      await expect(similar.or(page.getByText(desk.created))).toBeVisible();
      if (await similar.isVisible()) {
        await similar.check();
        await page.getByRole('button', { name: desk.save }).click();
        await expect(page.getByRole('status')).toContainText(desk.created);
      }
    }
    const merge = page.getByRole('link', { name: new RegExp(`^${duplicates.merge}`) });
    // A job compares them within seconds.
    await expect.poll(async () => {
      await open(page, '/duplicates');
      return merge.count();
    }, { timeout: 20_000 }).toBe(1);
    await merge.click();
    await page.getByRole('row', { name: fields.city }).getByRole('radio').last().check();
    await page.getByRole('button', { name: duplicates.do_merge, exact: true }).click();
    await expect(page.getByText(duplicates.merged)).toBeVisible();
    await open(page, '/contacts');
    await expect(rows(page)).toHaveCount(1);
    await open(page, '/duplicates');
    await page.getByRole('button', { name: new RegExp(`^${duplicates.undo}`) }).click();
    await expect(page.getByText(duplicates.undone)).toBeVisible();
    await open(page, '/contacts');
    await expect(rows(page)).toHaveCount(2);
    await expect(page.getByText(fill(desk.count, 2))).toBeVisible();
  });
});
