// How the tests find their way on the pages: by what a person or a screen reader goes by, wherever there is such a thing.
import { expect, type Locator, type Page } from '@playwright/test';
import en from '../../locales/en.json';
import es from '../../locales/es.json';
import office from '../../locales/office/en.json';
import oficina from '../../locales/office/es.json';

export { en, es, office, oficina };
export const TEXTS = { en, es } as const;
export type Lang = keyof typeof TEXTS;
export type Theme = 'dark' | 'light';

/** A text with its placeholders filled in. */
export function fill(text: string, ...values: (string | number)[]): string {
  return values.reduce<string>((out, value, i) => out.replaceAll(`{${i}}`, String(value)), text);
}

/** A whole number as the pages write it. */
export function integer(n: number, lang: Lang = 'en'): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, lang === 'en' ? ',' : '.');
}

/** A number read back from a page. */
export function parse(text: string | null): number {
  const digits = (text ?? '').replace(/[^\d]/g, '');
  return digits ? Number(digits) : Number.NaN;
}

/** Waits until the page is awake: a click before that is lost. */
export async function hydrated(page: Page): Promise<void> {
  await expect(page.locator('html')).toHaveAttribute('data-hydrated', 'true');
}

/** Opens a place and waits until it is awake. */
export async function open(page: Page, address: string): Promise<void> {
  await page.goto(address);
  await hydrated(page);
}

/** Waits until the page's line is up. */
export async function live(page: Page): Promise<void> {
  await expect(page.locator('.live strong')).toHaveText(/^(Live|En vivo)$/);
}

/** Chooses a theme, or a language, as a cookie does. */
export async function prefer(page: Page, url: string, choice: { theme?: Theme; lang?: Lang }): Promise<void> {
  const cookies = Object.entries(choice).map(([name, value]) => ({ name: `nexus_${name}`, value, url }));
  await page.context().addCookies(cookies);
}

/** One of the figures at the top of the dashboard: the exact number is its title. */
export function figure(page: Page, name: string): Locator {
  const region = page.getByRole('region', { name: /^(Summary|Resumen)$/ });
  return region.locator('.figure').filter({ has: page.locator('dt', { hasText: new RegExp(`^${name}$`) }) }).locator('.figure-value');
}

/** The exact number of a figure. */
export async function value(page: Page, name: string): Promise<number> {
  const place = figure(page, name);
  return parse((await place.getAttribute('title')) ?? (await place.textContent()));
}

/** The three figures of usage, exactly. */
export async function figures(page: Page, lang: Lang = 'en') {
  const names = TEXTS[lang].figures;
  return {
    interactions: await value(page, names.interactions),
    tokens: await value(page, names.tokens),
    activeUsers: await value(page, names.active_users),
  };
}

/** The row of the table of agents that belongs to an agent. */
export function agentRow(page: Page, agent: string): Locator {
  const region = page.getByRole('region', { name: en.agents.title, exact: true });
  return region.getByRole('row').filter({ has: page.getByRole('rowheader', { name: agent, exact: true }) });
}

/** Interactions and tokens of a row of the table of agents. */
export async function agentFigures(row: Locator) {
  const cells = row.getByRole('cell');
  const tokens = row.locator('td[title]');
  return { interactions: parse(await cells.first().textContent()), tokens: parse(await tokens.getAttribute('title')) };
}

/** The panel of open alerts. */
export function alerts(page: Page): Locator {
  return page.getByRole('region', { name: new RegExp(`^${en.alerts.open}`) });
}

/** The panel of recent activity. */
export function activity(page: Page): Locator {
  return page.getByRole('region', { name: en.activity.title, exact: true });
}

/** The menu of a filter, by its name. */
export async function choose(page: Page, menu: string, choice: string): Promise<void> {
  const bar = page.getByRole('group', { name: /^(Filters|Filtros)$/ });
  const details = bar.locator('details').filter({ has: page.locator('summary', { hasText: menu }) });
  await details.locator('summary').click();
  await details.getByRole('link', { name: choice, exact: true }).click();
}

/** Waits until the palette is gone, and the page knows it. */
export async function closed(page: Page): Promise<void> {
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(page.locator('#palette input')).toHaveCount(0);
}

/** Puts something into the page that a reload would lose. */
export async function mark(page: Page): Promise<() => Promise<void>> {
  await page.evaluate(() => {
    Object.assign(window, { markedByTest: true });
  });
  return async () => {
    expect(await page.evaluate(() => 'markedByTest' in window), 'the page was not loaded again').toBe(true);
  };
}

/** Asks again and again, without pauses, until it holds; fails after `timeout` ms. */
export async function soon(check: () => Promise<void>, timeout = 1_000): Promise<void> {
  await expect(check).toPass({ intervals: [20], timeout });
}
