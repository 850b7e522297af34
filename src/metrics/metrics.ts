import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { type LabelsOf, type LabelValues, SERIES, type Series, type SeriesName } from './series.ts';

/** Counts what happens in the gateway. The names and labels are those of series.ts. */
export interface Metrics {
  /** Adds to a counter, 1 by default. */
  count<N extends SeriesName<'counter'>>(name: N, labels: LabelsOf<N>, by?: number): void;
  /** Adds a measurement to a histogram, in the unit of its name. */
  observe<N extends SeriesName<'histogram'>>(name: N, labels: LabelsOf<N>, value: number): void;
  /** Adds samples of a gauge, which are read when the metrics are collected. When that fails, the gauge is missing from them. */
  gauge<N extends SeriesName<'gauge'>>(name: N, read: () => Samples<N> | Promise<Samples<N>>): void;
}

/** The values of a metric, each with its labels. */
export type Samples<N extends keyof typeof SERIES> = readonly (readonly [labels: LabelsOf<N>, value: number])[];

export interface MetricsRegistry extends Metrics {
  readonly contentType: string;
  /** All metrics in Prometheus' text format. */
  text(): Promise<string>;
}

/** Creates the metrics of one gateway. With `withProcess` those of the process and of Node.js are among them. */
export function createMetrics({ withProcess = true }: { withProcess?: boolean } = {}): MetricsRegistry {
  const registry = new Registry();
  if (withProcess) collectDefaultMetrics({ register: registry });
  const counters = new Map<string, Counter>();
  const gauges = new Map<string, (() => Samples<never> | Promise<Samples<never>>)[]>();
  const histograms = new Map<string, Histogram>();
  const bounds = new Map<string, (labels: Labels) => Labels>();
  for (const [name, series] of Object.entries<Series>(SERIES)) {
    const options = { name, help: series.help, labelNames: Object.keys(series.labels), registers: [registry] };
    if (series.type === 'counter') counters.set(name, new Counter(options));
    if (series.type === 'gauge') {
      addGauge(options, async () =>
        (await Promise.all((gauges.get(name) ?? []).map((read) => read())))
          .flat()
          .map(([labels, value]) => [bounded(name, labels), value]),
      );
    }
    if (series.type === 'histogram') {
      histograms.set(name, new Histogram({ ...options, buckets: [...(series.buckets ?? [])] }));
    }
    bounds.set(name, boundLabels(series.labels));
  }
  const bounded = (name: string, labels: Labels) => bounds.get(name)?.(labels) ?? labels;

  return {
    count: (name, labels, by = 1) => counters.get(name)?.inc(bounded(name, labels), by),
    observe: (name, labels, value) => histograms.get(name)?.observe(bounded(name, labels), value),
    gauge: (name, read) => gauges.set(name, [...(gauges.get(name) ?? []), read as never]),
    contentType: registry.contentType,
    text: () => registry.metrics(),
  };
}

function addGauge(
  options: { name: string; help: string; labelNames: string[]; registers: Registry[] },
  read: () => Promise<(readonly [Labels, number])[]>,
): void {
  new Gauge({
    ...options,
    async collect() {
      this.reset();
      // without labels prom-client shows 0, which would be a false value
      if (options.labelNames.length === 0) this.remove();
      const samples = await read().catch(() => []);
      for (const [labels, value] of samples) this.set(labels, value);
    },
  });
}

type Labels = Readonly<Record<string, string>>;

/** What every value beyond a label's bound is counted as. */
export const OTHER = 'other';

/** Replaces the values that a label may not have by OTHER. */
function boundLabels(labels: Readonly<Record<string, LabelValues>>): (given: Labels) => Labels {
  const bounds = Object.entries(labels).map(([label, values]) => [label, boundValue(values)] as const);
  return (given) => {
    const bounded: Record<string, string> = {};
    for (const [label, bound] of bounds) bounded[label] = bound(given[label] ?? OTHER);
    return bounded;
  };
}

function boundValue(values: LabelValues): (value: string) => string {
  const known = new Set(typeof values === 'number' ? [] : values);
  const max = typeof values === 'number' ? values : 0;
  return (value) => {
    if (known.has(value)) return value;
    if (known.size >= max) return OTHER;
    known.add(value);
    return value;
  };
}
