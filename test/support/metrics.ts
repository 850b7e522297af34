import type { TestGateway } from './gateway.ts';

/** The samples of a gateway's metrics: the value by name and labels, as `name{label="value"}`. */
export async function samplesOf({ app }: Pick<TestGateway, 'app'>): Promise<Map<string, number>> {
  const response = await fetch(app.metricsUrl() ?? '');
  const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
}

/** The sum over all samples whose name and labels begin so and contain each of the texts. */
export function sumOf(samples: ReadonlyMap<string, number>, name: string, ...texts: string[]): number {
  const matching = [...samples].filter(
    ([key]) => key.split('{', 1)[0] === name && texts.every((text) => key.includes(text)),
  );
  return matching.reduce((sum, [, value]) => sum + value, 0);
}
