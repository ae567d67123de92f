import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { renderPage } from '../../src/report/page/page.ts';
import { gatherReport } from '../../src/report/write.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { type Ended, run } from '../fixtures/ompay.ts';
import { journalled, rolledBackDeploy } from './runs.ts';

const CHROMIUM = '/usr/bin/chromium';
const isMissing = !existsSync(CHROMIUM);
if (isMissing)
  process.stderr.write(`the page is not seen in a browser: ${CHROMIUM} is missing (package chromium)\n`);

/** Runs it headless with a profile of its own; what the page's console says comes on stderr. */
function chromium(...args: readonly string[]): Promise<Ended> {
  const profile = temporaryFolder();
  return run(CHROMIUM, [
    '--headless=new',
    // As root, which CI is, Chromium refuses its sandbox.
    '--no-sandbox',
    '--disable-gpu',
    '--enable-logging=stderr',
    `--user-data-dir=${profile}`,
    ...args,
  ]);
}

interface Site {
  readonly url: string;
  /** The paths that were asked for. */
  readonly asked: string[];
}

/** The page at /page; /frame shows it in a given width and writes what it measured into its own text. */
async function serve(page: string): Promise<Site> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://127.0.0.1').pathname;
    asked.push(path);
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(path === '/page' ? page : FRAME);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return { url: `http://127.0.0.1:${address.port}`, asked };
}

const FRAME = `<!doctype html><link rel="icon" href="data:,"><body><script>
const frame = document.createElement('iframe');
frame.width = new URLSearchParams(location.search).get('width');
frame.height = 900;
frame.src = '/page';
frame.onload = () => {
  const page = frame.contentDocument;
  const seen = [...page.querySelectorAll('svg.chart')].filter((each) => each.getClientRects().length > 0);
  const letters = [...page.querySelectorAll('svg.chart text')].map((each) => each.getBoundingClientRect().height);
  const measured = {
    overflow: page.documentElement.scrollWidth - page.documentElement.clientWidth,
    charts: seen.map((each) => each.getAttribute('class')),
    smallestLetter: Math.min(...letters.filter((height) => height > 0)),
    verdictPaper: getComputedStyle(page.querySelector('.verdict')).backgroundColor,
    headings: [...page.querySelectorAll('h2')].map((each) => each.textContent),
    steps: page.querySelectorAll('.steps li').length,
  };
  document.body.textContent = 'MEASURED' + JSON.stringify(measured) + 'END';
};
document.body.append(frame);
</script></body>`;

async function measured(
  site: Site,
  width: number,
): Promise<{ readonly seen: unknown; readonly console: string }> {
  const { stdout, stderr } = await chromium(
    '--window-size=1400,1000',
    '--virtual-time-budget=5000',
    '--dump-dom',
    `${site.url}/frame?width=${width}`,
  );
  const text = /MEASURED(.*)END/.exec(stdout)?.[1];
  if (text === undefined)
    throw new Error(`nothing was measured: ${stdout.slice(-500)} ${stderr.slice(-500)}`);
  return { seen: JSON.parse(text), console: consoleOf(stderr) };
}

function consoleOf(stderr: string): string {
  return stderr
    .split('\n')
    .filter((line) => line.includes('CONSOLE'))
    .join('\n');
}

async function pageOf(): Promise<string> {
  return renderPage(await gatherReport(journalled(rolledBackDeploy())), 'fr');
}

test.skipIf(isMissing).each([
  { width: 1280, chart: 'chart wide' },
  { width: 380, chart: 'chart narrow' },
])(
  'in a real browser $width px wide it fits, is styled, asks for nothing and says no error',
  async ({ width, chart }) => {
    const site = await serve(await pageOf());
    const { seen, console } = await measured(site, width);
    expect(console).toBe('');
    expect(seen).toEqual({
      overflow: 0,
      charts: [chart, chart, chart],
      smallestLetter: expect.toSatisfy((height: number) => height >= 11),
      verdictPaper: 'rgb(253, 243, 220)',
      headings: [
        'Ce qui a échoué',
        'Trafic autour de la bascule',
        'Latence avant et après',
        'Vérifications',
        'Déroulement',
        'Sauvegarde et migrations',
        'Notes',
        'Preuve',
        'Pour aller plus loin',
      ],
      steps: 13,
    });
    expect(new Set(site.asked)).toEqual(new Set(['/frame', '/page']));
  },
);

test.skipIf(isMissing)(
  'a style that is not the one of the policy is refused by the browser, and the console says so',
  async () => {
    const site = await serve((await pageOf()).replace('--paper: #fff;', '--paper: #eee;'));
    const { seen, console } = await measured(site, 1280);
    expect(console).toContain('Content Security Policy');
    expect(seen).toMatchObject({ verdictPaper: 'rgba(0, 0, 0, 0)' });
  },
);

test.skipIf(isMissing)('a picture of it can be taken from the file alone', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'page.html'), await pageOf());
  const picture = join(folder, 'page.png');
  const { stderr } = await chromium(
    '--window-size=1280,2600',
    `--screenshot=${picture}`,
    `file://${folder}/page.html`,
  );
  expect(consoleOf(stderr)).toBe('');
  const bytes = readFileSync(picture);
  expect(bytes.subarray(1, 4).toString()).toBe('PNG');
  expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual([1280, 2600]);
  // A blank page of this size takes 12 kB.
  expect(bytes.length).toBeGreaterThan(100_000);
});
