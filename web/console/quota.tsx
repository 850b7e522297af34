import { useQuery } from 'urql';
import { LimitsDocument } from './gql/graphql.ts';

interface BarProps {
  readonly label: string;
  readonly unit?: string;
  readonly limit: { readonly maximum: number | null; readonly used: number | null } | null | undefined;
}

function Bar({ label, unit = '', limit }: BarProps) {
  if (!limit || limit.used === null) return null;
  const { maximum, used } = limit;
  const words = maximum === null ? `${used}${unit}, without limit` : `${used} of ${maximum}${unit}`;
  return (
    <span className="quota">
      {label} {words}
      {maximum !== null && (
        <meter aria-label={label} min={0} max={maximum} high={maximum * 0.9} optimum={0} value={used} />
      )}
    </span>
  );
}

/** How much of its quota of shares the project uses. Nothing is shown where Manila does not say. */
export function Quota() {
  const [{ data }] = useQuery({ query: LimitsDocument });
  const shares = data?.limits?.shares;
  if (!shares) return null;
  return (
    <p className="quotas">
      <Bar label="Shares" limit={shares.shares} />
      <Bar label="Size" unit=" GiB" limit={shares.shareGib} />
    </p>
  );
}
