// The tests' fixtures: a product with a history for each worker, one without events, and a page that must keep its console clean.
import { type BrowserContext, expect, type Page, test as base } from '@playwright/test';
import { history } from './events';
import { Product } from './product';

/** Collects what a page complains of. */
export class Watch {
  private readonly found: string[] = [];
  private readonly allowed: RegExp[] = [];

  /** Lets complaints pass that a test brings about itself. */
  allow(...patterns: RegExp[]): void {
    this.allowed.push(...patterns);
  }

  /** Watches every page of a context, those opened later too. */
  context(context: BrowserContext): void {
    context.pages().forEach((page) => this.page(page));
    context.on('page', (page) => this.page(page));
  }

  private page(page: Page): void {
    page.on('console', (message) => {
      if (['error', 'warning', 'assert'].includes(message.type())) {
        this.found.push(`console ${message.type()}: ${message.text()} (${message.location().url})`);
      }
    });
    page.on('pageerror', (error) => this.found.push(`page error: ${error.message}`));
    page.on('requestfailed', (request) => {
      // A request that a navigation overtakes is no failure.
      const why = request.failure()?.errorText ?? '';
      if (why !== 'net::ERR_ABORTED') {
        this.found.push(`request failed: ${request.method()} ${request.url()}: ${why}`);
      }
    });
    page.on('response', (response) => {
      if (response.status() >= 400) {
        this.found.push(`answer ${response.status()}: ${response.url()}`);
      }
    });
  }

  /** Fails if there was anything that was not to be expected. */
  check(): void {
    const left = this.found.filter((text) => !this.allowed.some((pattern) => pattern.test(text)));
    expect(left, 'the browser has nothing to complain of').toEqual([]);
  }
}

interface Fixtures {
  watch: Watch;
  /** A product of this test alone, without any event. */
  fresh: Product;
}

interface WorkerFixtures {
  /** The worker's product, with a history. */
  product: Product;
}

async function over(product: Product): Promise<void> {
  await product.stop();
  expect(product.log, 'the server has not panicked').not.toMatch(/panicked at/);
}

export const test = base.extend<Fixtures, WorkerFixtures>({
  product: [
    async ({}, use) => {
      const product = await Product.start();
      await product.post(...history());
      await use(product);
      await over(product);
    },
    { scope: 'worker', timeout: 60_000 },
  ],
  fresh: [
    async ({}, use) => {
      const product = await Product.start();
      await use(product);
      await over(product);
    },
    { scope: 'test', timeout: 60_000 },
  ],
  baseURL: async ({ product }, use) => use(product.url),
  // Signed in as an admin, in every context that is made.
  storageState: async ({ product }, use) => use(product.state()),
  watch: [
    async ({ context }, use) => {
      const watch = new Watch();
      watch.context(context);
      await use(watch);
      watch.check();
    },
    { auto: true },
  ],
});

/** For tests whose pages are all of the product without events. */
export const onFresh = {
  baseURL: async ({ fresh }: { fresh: Product }, use: (url: string) => Promise<void>) => use(fresh.url),
  storageState: async ({ fresh }: { fresh: Product }, use: (state: ReturnType<Product['state']>) => Promise<void>) => use(fresh.state()),
};

export { expect };
