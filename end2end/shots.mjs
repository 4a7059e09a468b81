// Takes pictures of the pages of a running product: both themes, both languages, a desk and a phone.
//
//   node end2end/shots.mjs BASE_URL OUTDIR [USER]
//
// NEXUS_CRM_SESSION: the secret of an admin's session, from the cookie nexus_session. USER: whose page is taken; the first in the list of users when not said. CHROMIUM_PATH: the browser, /usr/bin/chromium when not set.
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { chromium } from 'playwright-core';

const [base, folder, chosen] = process.argv.slice(2);
if (!base || !folder) {
  console.error('usage: node end2end/shots.mjs BASE_URL OUTDIR [USER]');
  process.exit(2);
}
const url = base.replace(/\/+$/, '');
const sizes = {
  desktop: { viewport: { width: 1440, height: 900 } },
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
};
const locales = { es: 'es-CO', en: 'en-US' };

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--disable-background-networking'],
});

async function open(page, place) {
  await page.goto(url + place);
  await page.locator('html[data-hydrated="true"]').waitFor();
  await page.evaluate(() => document.fonts.ready);
}

try {
  await mkdir(folder, { recursive: true });
  let user = chosen;
  for (const [size, options] of Object.entries(sizes)) {
    for (const theme of ['dark', 'light']) {
      for (const [lang, locale] of Object.entries(locales)) {
        const context = await browser.newContext({ ...options, locale, timezoneId: 'America/Bogota', reducedMotion: 'reduce' });
        await context.addCookies([
          { name: 'nexus_theme', value: theme, url },
          { name: 'nexus_lang', value: lang, url },
          { name: 'nexus_session', value: process.env.NEXUS_CRM_SESSION ?? '', url },
        ]);
        const page = await context.newPage();
        const shot = async (name, whole = false) => {
          const file = path.join(folder, `${name}-${size}-${theme}-${lang}.png`);
          if (whole) {
            // A window as high as the page, so that the bar at its foot stands at the foot.
            const height = await page.evaluate(() => document.documentElement.scrollHeight);
            await page.setViewportSize({ ...options.viewport, height });
          }
          await page.screenshot({ path: file });
          await page.setViewportSize(options.viewport);
          console.log(file);
        };
        await open(page, '/usage');
        await shot('usage');
        await shot('usage-whole', true);
        await open(page, '/usage?period=today');
        await shot('usage-today');
        await open(page, '/usage/users');
        await shot('users');
        user ??= await page.locator('main th[scope="row"] a').first().getAttribute('title', { timeout: 2_000 }).catch(() => undefined);
        if (user) {
          await open(page, `/usage/users/${encodeURIComponent(user)}`);
          await shot('user');
          await shot('user-whole', true);
        }
        for (const [name, place] of [['account', '/account'], ['people', '/admin/people?invite=1'], ['keys', '/admin/keys'], ['limits', '/admin/limits?edit=pro'], ['ingest', '/admin/ingest'], ['journal', '/admin/journal']]) {
          await open(page, place);
          await shot(name);
        }
        await open(page, '/no/such/place');
        await shot('not-found');
        if (size === 'desktop') {
          await open(page, '/usage');
          await page.keyboard.press('Control+k');
          await page.locator('#palette[open]').waitFor();
          await shot('palette');
          await page.keyboard.press('Escape');
          await page.keyboard.press('?');
          await page.locator('#shortcuts[open]').waitFor();
          await shot('shortcuts');
        }
        await context.clearCookies({ name: 'nexus_session' });
        await page.goto(`${url}/sign-in`);
        await shot('sign-in');
        await context.close();
      }
    }
  }
} finally {
  await browser.close();
}
